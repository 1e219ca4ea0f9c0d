"""Settings: the file, then the environment; a mistake stops the start with the name of the setting."""

import pytest

from forum.errors import CannotStart
from forum.sealing import make_key
from forum.settings import Settings, settings


@pytest.fixture(autouse=True)
def _read_anew(configured: Settings) -> None:
    """Each test loads the settings again."""
    settings.cache_clear()


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_LIMITS__POST_CHARACTERS", "12345")
    assert settings().limits.post_characters == 12345


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [
        ("FORUM_SERVER__PORT", "70000", "server.port"),
        ("FORUM_SERVER__PORT", "http", "server.port"),
        ("FORUM_SERVER__PROT", "8000", "server.PROT"),
        ("FORUM_DATABASE__URL", "mysql://x", "database.url"),
        ("FORUM_REDIS__URL", "http://x", "redis.url"),
        ("FORUM_SITE__BASE_URL", "http://x/chemin", "site.base_url"),
        ("FORUM_SITE__BASE_URL", "https://nom:secret@x", "site.base_url"),
        ("FORUM_SITE__BASE_URL", "http://x?a", "site.base_url"),
        ("FORUM_SITE__BASE_URL", "http://a b", "site.base_url"),
        ("FORUM_SITE__ENVIRONMENT", "test", "site.environment"),
        ("FORUM_SITE__ACCESSIBILITY", "conforme", "site.accessibility"),
        ("FORUM_MAIL__URL", "http://courrier.exemple.fr", "mail.url"),
        ("FORUM_MAIL__URL", "smtp://courrier.exemple.fr/chemin", "mail.url"),
        ("FORUM_MAIL__SENDER", "Cahier <cahier@exemple.fr>", "mail.sender"),
        ("FORUM_MAIL__SENDER", "cahier@-exemple.fr", "mail.sender"),
        ("FORUM_MAIL__REPLY_TO", "cahier..x@exemple.fr", "mail.reply_to"),
        ("FORUM_MAIL__SENDER", "cahier@exemple.fr\nBcc: x@exemple.fr", "mail.sender"),
        ("FORUM_JOBS__HEARTBEAT_SECONDS", "15", "jobs"),
        ("FORUM_PASSWORDS__MINIMUM_LENGTH", "4", "passwords.minimum_length"),
        ("FORUM_OIDC__DISCOVERY_URL", "https://identites.exemple.fr", "oidc.discovery_url"),
        ("FORUM_OIDC__DISCOVERY_URL", "https://x/.well-known/openid-configuration", "client_id"),
        ("FORUM_OIDC__ALGORITHMS", "none", "oidc.algorithms"),
        ("FORUM_OIDC__ALGORITHMS", "HS256,RS256", "oidc.algorithms"),
        ("FORUM_OIDC__SCOPES", "email", "oidc.scopes"),
    ],
)
def test_a_wrong_setting_stops_the_start_by_its_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, name: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(CannotStart) as refusal:
        settings()
    assert name.lower() in str(refusal.value).lower()
    assert "\n" not in str(refusal.value)


def test_production_is_served_over_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_SITE__ENVIRONMENT", "production")
    monkeypatch.setenv("FORUM_SERVER__TRUSTED_PROXIES", "none")
    monkeypatch.setenv("FORUM_SECURITY__KEY", make_key())
    monkeypatch.setenv("FORUM_MAIL__URL", "smtps://courrier.exemple.fr")
    monkeypatch.setenv("FORUM_MAIL__SENDER", "cahier@exemple.fr")
    with pytest.raises(CannotStart, match="https"):
        settings()
    monkeypatch.setenv("FORUM_SITE__BASE_URL", "https://cahier.exemple.fr")
    assert settings().site.secure


def test_production_says_which_proxy_it_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_SITE__ENVIRONMENT", "production")
    monkeypatch.setenv("FORUM_SITE__BASE_URL", "https://cahier.exemple.fr")
    with pytest.raises(CannotStart, match="trusted_proxies"):
        settings()


def test_production_brings_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_SITE__ENVIRONMENT", "production")
    monkeypatch.setenv("FORUM_SITE__BASE_URL", "https://cahier.exemple.fr")
    monkeypatch.setenv("FORUM_SERVER__TRUSTED_PROXIES", "none")
    with pytest.raises(CannotStart, match=r"security\.key"):
        settings()


def test_production_says_where_its_mails_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_SITE__ENVIRONMENT", "production")
    monkeypatch.setenv("FORUM_SITE__BASE_URL", "https://cahier.exemple.fr")
    monkeypatch.setenv("FORUM_SERVER__TRUSTED_PROXIES", "none")
    monkeypatch.setenv("FORUM_SECURITY__KEY", make_key())
    for nowhere in ("", "files"):
        monkeypatch.setenv("FORUM_MAIL__URL", nowhere)
        with pytest.raises(CannotStart, match=r"mail\.url"):
            settings()
    monkeypatch.setenv("FORUM_MAIL__URL", "smtps://courrier.exemple.fr")
    with pytest.raises(CannotStart, match=r"mail\.sender"):
        settings()
    monkeypatch.setenv("FORUM_MAIL__SENDER", "cahier@exemple.fr")
    assert not settings().mail.to_files


def test_no_password_travels_in_clear_to_the_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_MAIL__URL", "smtp://nom:secret@courrier.exemple.fr")
    monkeypatch.setenv("FORUM_MAIL__STARTTLS", "false")
    with pytest.raises(CannotStart, match="chiffré") as refusal:
        settings()
    assert "secret" not in str(refusal.value)
    monkeypatch.setenv("FORUM_MAIL__STARTTLS", "true")
    assert settings().mail.starttls


def test_settings_never_change_while_running() -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(settings().server, "port", 1)  # noqa: B010 # mypy, too, knows that it is frozen


def test_production_asks_its_provider_over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORUM_OIDC__CLIENT_ID", "cahier")
    monkeypatch.setenv("FORUM_OIDC__CLIENT_SECRET", "court")
    monkeypatch.setenv("FORUM_OIDC__DISCOVERY_URL", "http://x/api/v2/.well-known/openid-configuration")
    assert settings().oidc.issuer == "http://x/api/v2"
    settings.cache_clear()
    monkeypatch.setenv("FORUM_OIDC__ALGORITHMS", "HS256")
    with pytest.raises(CannotStart, match="32"):
        settings()
    monkeypatch.setenv("FORUM_OIDC__ALGORITHMS", "ES256")
    monkeypatch.setenv("FORUM_SITE__ENVIRONMENT", "production")
    monkeypatch.setenv("FORUM_SERVER__TRUSTED_PROXIES", "none")
    monkeypatch.setenv("FORUM_SECURITY__KEY", make_key())
    with pytest.raises(CannotStart, match=r"oidc\.discovery_url"):
        settings()
