"""Every setting, typed and validated once: `settings.toml`, then the environment, which nothing else reads."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from forum.errors import CannotStart

ROOT = Path(__file__).resolve().parent.parent
# Where a provider of identities describes itself, below its issuer address (OpenID Connect Discovery 4).
DISCOVERY = "/.well-known/openid-configuration"


# An address that a header can hold (RFC 5322, dot-atom) at a domain that can be (RFC 1123, labels).
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@{_LABEL}(\.{_LABEL})*"


class SettingsSection(BaseModel):
    """A section refuses unknown names: a typing mistake must not silently leave the default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteSettings(SettingsSection):
    environment: Literal["development", "production"]
    base_url: str = Field(pattern=r"^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?$")
    name: str
    data_dir: Path
    legal_dir: Path
    themes_dir: Path
    accessibility: Literal["non conforme", "partiellement conforme", "totalement conforme"]

    @property
    def host(self) -> str:
        """Host and port of the public address, as a Host header gives them."""
        return urlsplit(self.base_url).netloc

    @property
    def secure(self) -> bool:
        """Whether the public address is https, so that cookies are `__Host-` and Secure."""
        return self.base_url.startswith("https://")

    @property
    def data_path(self) -> Path:
        """`data_dir`, from the root of the project when it is relative."""
        return ROOT / self.data_dir

    @property
    def mail_path(self) -> Path:
        """Where mails are written that no server sends."""
        return self.data_path / "mail"

    @property
    def legal_path(self) -> Path:
        """`legal_dir`, from the root of the project when it is relative."""
        return ROOT / self.legal_dir

    @property
    def themes_path(self) -> Path:
        """`themes_dir`, from the root of the project when it is relative."""
        return ROOT / self.themes_dir


class ConsultationSettings(SettingsSection):
    title: str
    organiser: str
    licence: str


class ServerSettings(SettingsSection):
    host: str
    port: int = Field(ge=1, le=65535)
    trusted_proxies: str
    drain_seconds: float = Field(ge=0, le=60)


class Database(SettingsSection):
    url: str = Field(pattern=r"^($|sqlite:///.+|postgres(ql)?://.+)")
    pool_size: int = Field(ge=1, le=200)
    connection_seconds: float = Field(gt=0, le=60)
    statement_seconds: float = Field(gt=0, le=60)


class Redis(SettingsSection):
    """A Redis may serve several sites: every key begins with the site's own `Settings.redis_prefix`."""

    url: str = Field(pattern=r"^($|rediss?://.+|unix://.+)")
    answer_seconds: float = Field(gt=0, le=60)
    retry_seconds: float = Field(gt=0, le=60)


class Security(SettingsSection):
    """Fernet keys separated by commas: the first one seals, all of them open, so that a key can be replaced."""

    key: str = Field(pattern=r"^($|[A-Za-z0-9_=-]{44}(,[A-Za-z0-9_=-]{44})*$)")


class MailSettings(SettingsSection):
    """smtps:// is encrypted from the first byte, smtp:// by STARTTLS unless `starttls` is false."""

    url: str = Field(
        pattern=r"^($|files$|smtps?://([^/@\s:]+:[^/@\s]+@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?$)"
    )
    starttls: bool
    sender: str = Field(pattern=rf"^{ADDRESS}$")
    reply_to: str = Field(pattern=rf"^({ADDRESS})?$")
    timeout_seconds: int = Field(ge=1, le=60)

    @property
    def to_files(self) -> bool:
        """Whether mails are written to files instead of being sent."""
        return self.url in ("", "files")

    @model_validator(mode="after")
    def no_password_travels_in_clear(self) -> "MailSettings":
        if self.url.startswith("smtp://") and "@" in self.url and not self.starttls:
            raise ValueError("url donne un mot de passe, qui ne part que chiffré : smtps://, ou starttls = true")
        return self


class Sessions(SettingsSection):
    idle_hours: int = Field(ge=1)
    absolute_hours: int = Field(ge=1)


class SignIn(SettingsSection):
    second_factor_for_staff: bool


class Passwords(SettingsSection):
    minimum_length: int = Field(ge=8, le=64)


class Oidc(SettingsSection):
    """A provider of identities (OpenID Connect): ProConnect, or any other. Off without a discovery address.

    Signatures are either all asymmetric or HS256: if both were accepted, the provider's public key could pass for the
    secret.
    """

    discovery_url: str = Field(pattern=rf"^($|https?://[^\s?#]+{re.escape(DISCOVERY)}$)")
    client_id: str
    client_secret: str
    name: str = Field(min_length=1, max_length=40)
    scopes: str = Field(pattern=r"^openid( [\w:./-]+)*$")
    pkce: bool
    userinfo_signed: bool
    algorithms: str = Field(pattern=r"^(HS256|(RS|PS|ES)(256|384|512)(,(RS|PS|ES)(256|384|512))*)$")

    @property
    def enabled(self) -> bool:
        return bool(self.discovery_url)

    @property
    def known_as(self) -> str:
        """The provider's name on pages; empty when there is none."""
        return self.name if self.enabled else ""

    @property
    def issuer(self) -> str:
        """The issuer that the provider must declare (OpenID Connect Discovery 4.3)."""
        return self.discovery_url.removesuffix(DISCOVERY)

    @model_validator(mode="after")
    def provider_knows_the_site(self) -> "Oidc":
        if self.enabled and not (self.client_id and self.client_secret):
            raise ValueError("discovery_url demande client_id et client_secret")
        # RFC 7518, 3.2: a key as long as the hash.
        if self.enabled and self.algorithms == "HS256" and len(self.client_secret) < 32:
            raise ValueError("algorithms = HS256 demande un client_secret d’au moins 32 caractères")
        return self


Declared = Annotated[str, Field(min_length=1, max_length=80)]


class People(SettingsSection):
    """What members may declare: lists, so that groups can be counted; a choice stays when its list changes."""

    professions: tuple[Declared, ...]
    territories: tuple[Declared, ...]
    sign_ups_per_hour: int = Field(ge=1)


class Limits(SettingsSection):
    post_characters: int = Field(ge=100, le=100_000)
    form_bytes: int = Field(ge=1024)
    json_bytes: int = Field(ge=1024)
    notified_per_post: int = Field(ge=0)
    quotes_per_post: int = Field(ge=0)
    sign_in_tries: int = Field(ge=1)
    sign_in_tries_per_address: int = Field(ge=50)
    sign_in_minutes: int = Field(ge=1)
    code_tries: int = Field(ge=5)
    writes_per_minute: int = Field(ge=1)
    searches_per_minute: int = Field(ge=1)
    posts_per_page: int = Field(ge=5, le=100)


class Votes(SettingsSection):
    agents_may_vote: bool
    own_proposals: bool


class ModerationSettings(SettingsSection):
    hold_first: int = Field(ge=0, le=100)
    new_until: int = Field(ge=0, le=100)
    links_of_new: int = Field(ge=0)


class Retention(SettingsSection):
    """How long data is kept, as the page on personal data announces (GDPR, article 5.1.e)."""

    archive_days: int = Field(ge=1, le=30)
    inactive_months: int = Field(ge=0)
    identification_days: int = Field(ge=0, le=3650)
    notification_days: int = Field(ge=1)
    job_days: int = Field(ge=1)

    @model_validator(mode="after")
    def there_is_time_to_warn(self) -> "Retention":
        if 0 < self.inactive_months < 6:
            raise ValueError("inactive_months vaut 0, ou 6 au moins : deux messages préviennent d’abord")
        return self


class Jobs(SettingsSection):
    lease_seconds: int = Field(ge=3, le=55)
    heartbeat_seconds: int = Field(ge=1)
    poll_seconds: int = Field(ge=1)
    tries: int = Field(ge=1)

    @model_validator(mode="after")
    def heart_beats_within_the_lease(self) -> "Jobs":
        if self.heartbeat_seconds * 2 > self.lease_seconds:
            raise ValueError("lease_seconds vaut au moins deux fois heartbeat_seconds")
        return self


class HealthSettings(SettingsSection):
    """From when on the site calls itself degraded."""

    free_megabytes: int = Field(ge=0)
    worker_seconds: int = Field(ge=30)
    queue_seconds: int = Field(ge=30)
    write_seconds: int = Field(ge=1)


class Logs(SettingsSection):
    """What the log tells of each request."""

    access: bool
    addresses: Literal["none", "network", "whole"]


class Metrics(SettingsSection):
    """Who reads /metriques; nobody by default."""

    token: str = Field(pattern=r"^($|[\x21-\x7e]{20,}$)")
    loopback: bool


class Settings(BaseSettings):
    """The whole of `settings.toml`, overridden by `FORUM_<SECTION>__<NAME>`."""

    model_config = SettingsConfigDict(
        env_prefix="FORUM_",
        env_nested_delimiter="__",
        toml_file=ROOT / "settings.toml",
        extra="forbid",
        frozen=True,
    )

    site: SiteSettings
    consultation: ConsultationSettings
    server: ServerSettings
    database: Database
    redis: Redis
    security: Security
    mail: MailSettings
    sessions: Sessions
    sign_in: SignIn
    passwords: Passwords
    oidc: Oidc
    people: People
    limits: Limits
    moderation: ModerationSettings
    votes: Votes
    retention: Retention
    jobs: Jobs
    health: HealthSettings
    logs: Logs
    metrics: Metrics

    def with_database(self, url: str) -> "Settings":
        """These settings with another database."""
        return self.model_copy(update={"database": self.database.model_copy(update={"url": url})})

    @property
    def redis_prefix(self) -> str:
        """The beginning of every key of this site in Redis, the same in all its processes."""
        return f"cahier:{self.site.host}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What a test passes, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def production_lacks_nothing(self) -> "Settings":
        if self.site.environment == "production" and (lacks := [*self.lacks()]):
            raise ValueError(" ; ".join(f"{one.setting} {one.reason}" for one in lacks))
        return self

    def lacks(self) -> "Iterator[Lack]":
        """What production still wants of these settings, all at once."""
        if not self.site.secure:
            yield Lack("site.base_url", "commence par https:// en production", "https://consultation.exemple.fr")
        # Behind a proxy that is not trusted, everybody has the same address: wrong passwords would lock everybody out.
        if not self.server.trusted_proxies:
            reason = "nomme le serveur mandataire en production, ou dit none s’il n’y en a pas"
            yield Lack("server.trusted_proxies", reason, "127.0.0.1")
        # A key made by a process is lost with its disk, and unknown to the other processes.
        if not self.security.key:
            yield Lack("security.key", "manque en production ; python -m forum make-key en tire une", "…")
        if self.oidc.discovery_url.startswith("http:"):
            wanted = self.oidc.discovery_url.replace("http:", "https:", 1)
            yield Lack("oidc.discovery_url", "commence par https:// en production", wanted)
        # Otherwise nobody could confirm an address or change a lost password, despite being told that a mail is coming;
        # and files would keep the addresses and links of people.
        if self.mail.to_files:
            reason = "donne en production le serveur de courrier, smtps://… ou smtp://…"
            yield Lack("mail.url", reason, "smtps://compte:motdepasse@courriel.exemple.fr")
        if self.mail.sender.endswith(".invalid"):
            yield Lack("mail.sender", "donne en production l’adresse qui envoie", "consultation@exemple.fr")


@dataclass(frozen=True, slots=True)
class Lack:
    """What keeps a site from opening in production: a setting, what is asked of it, an example of its value."""

    setting: str
    reason: str
    example: str

    @property
    def line(self) -> str:
        """The line to add to the environment."""
        return f"{variable(self.setting)}={self.example}"


def variable(setting: str) -> str:
    """The name of a setting in the environment: FORUM_SECURITY__KEY for security.key."""
    return f"FORUM_{setting.upper().replace('.', '__')}"


@cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        CannotStart: a setting is missing, unknown or out of range; the sentence names it.
    """
    try:
        return Settings()
    except ValidationError as problem:
        raise CannotStart(f"settings.toml : {reasons(problem)}") from problem


# What pydantic says in English, said in French by the type of its error; the blanks are filled from its context.
_REASONS = {
    "missing": "manque",
    "extra_forbidden": "n’existe pas",
    "int_parsing": "attend un nombre entier",
    "int_type": "attend un nombre entier",
    "bool_parsing": "attend true ou false",
    "bool_type": "attend true ou false",
    "string_type": "attend un texte",
    "string_too_short": "est vide",
    "string_too_long": "dépasse {max_length} caractères",
    "too_short": "en demande au moins {min_length}",
    "too_long": "en admet {max_length} au plus",
    "list_type": "attend une liste",
    "greater_than_equal": "vaut au moins {ge}",
    "greater_than": "dépasse {gt}",
    "float_parsing": "attend un nombre",
    "float_type": "attend un nombre",
    "less_than_equal": "vaut au plus {le}",
    "string_pattern_mismatch": "n’a pas la forme attendue, {pattern}",
    "literal_error": "attend l’un de ces mots : {expected}",
    "timezone_aware": "attend une date et une heure avec leur fuseau",
    "datetime_type": "attend une date et une heure avec leur fuseau",
    "value_error": "{error}",
}


def reasons(problem: ValidationError) -> str:
    """What is wrong in a file that people wrote, field by field, in one line."""
    return " ; ".join(map(_reason, problem.errors()))


def _reason(error: ErrorDetails) -> str:
    name = ".".join(map(str, error["loc"]))
    words = _REASONS[error["type"]].format(**error.get("ctx", {})) if error["type"] in _REASONS else error["msg"]
    return f"{name} {words}" if name else words


def without_settings() -> dict[str, str]:
    """The environment of this process for one that needs no setting, hence no secret."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("FORUM_")}


def wanted_temporary() -> str:
    """The folder of temporary files that the environment names; empty when it names none."""
    return os.environ.get("TMPDIR", "")


def postgres_secrets() -> dict[str, str]:
    """Where PostgreSQL's own programs find a password that is not in the address, as its driver does by itself."""
    names = ("PGPASSWORD", "PGPASSFILE", "HOME")
    return {name: os.environ[name] for name in names if name in os.environ}


def supervisor_address() -> str:
    """Where systemd listens to the process that it started; empty when somebody else did."""
    return os.environ.get("NOTIFY_SOCKET", "")
