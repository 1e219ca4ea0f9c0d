"""A signature of the hashes of a synthesis, made outside with OpenSSL as an agent would."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from httpx2 import AsyncClient, Response

from forum.database import row, rows
from forum.errors import Unavailable
from forum.models.themes import Voting
from forum.verification import cms
from tests.compiled_syntheses import Quick, compiled
from tests.conftest import NOON, Clock
from tests.factories import make_member, sign_in
from tests.syntheses.test_frozen_data import make_votes

HASHES = "/syntheses/1/synthese-T3-v1-2026-11-23.empreintes.txt"
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL signs")


def certified(folder: Path, *, until: datetime = NOON + timedelta(days=300)) -> None:
    """A key and a certificate of an office, in a folder."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "Cachet de la consultation"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ministère de la Culture"),
        ]
    )
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Autorité d’exemple")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(until)
        .sign(key, SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def signed(folder: Path, content: bytes, form: str = "DER", *more: str) -> bytes:
    """A signature of these bytes, as the page says to make it."""
    (folder / "empreintes.txt").write_bytes(content)
    subprocess.run(
        [
            *("openssl", "cms", "-sign", "-binary", "-md", "sha256", "-outform", form, "-signer", "cert.pem"),
            *("-inkey", "key.pem", "-in", "empreintes.txt", "-out", "signature.p7s", *more),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return (folder / "signature.p7s").read_bytes()


async def deposit(client: AsyncClient, signature: bytes) -> Response:
    files = {"fichier": ("signature.p7s", signature, "application/pkcs7-signature")}
    return await client.post("/syntheses/1/signer", files=files)


async def make_published(agent: AsyncClient, clock: Clock) -> bytes:
    """A published synthesis; its hashes."""
    await make_votes(Voting.OPINIONS, voters=6)
    address = await compiled(agent, clock)
    assert (await agent.post(f"{address}/publier", data={"confirmation": "1"})).status_code == 303
    return (await agent.get(HASHES)).content


@pytest.mark.parametrize("form", ["DER", "PEM"])
async def test_a_signature_is_verified_shown_and_downloaded(
    agent: AsyncClient, clock: Clock, quick: Quick, tmp_path: Path, public: AsyncClient, form: str
) -> None:
    hashes = await make_published(agent, clock)
    certified(tmp_path)
    signature = signed(tmp_path, hashes, form)
    assert "/syntheses/1/signer" in (await agent.get("/syntheses/1")).text
    assert (await public.get("/syntheses/1/signature")).status_code == 404
    assert (await deposit(agent, signature)).status_code == 303
    page = (await public.get("/syntheses/1")).text
    assert "Signée par Cachet de la consultation, Ministère de la Culture." in page
    assert "Autorité d’exemple" in page
    answer = await public.get("/syntheses/1/signature")
    assert answer.content == signature
    assert "empreintes.txt.p7s" in answer.headers["content-disposition"]
    noted = await row("SELECT act, thing FROM journal_entry ORDER BY id DESC LIMIT 1")
    assert noted is not None
    assert (noted["act"], noted["thing"]) == ("sign", "synthesis")
    again = await deposit(agent, signature)
    assert again.status_code == 409
    assert "/syntheses/1/signer" not in (await agent.get("/syntheses/1")).text


async def test_a_signature_of_anything_else_is_refused(
    agent: AsyncClient, clock: Clock, quick: Quick, tmp_path: Path
) -> None:
    hashes = await make_published(agent, clock)
    certified(tmp_path)
    other = signed(tmp_path, hashes + b"\n")
    enveloping = signed(tmp_path, hashes + b" ", "DER", "-nodetach")
    tampered = bytearray(signed(tmp_path, hashes))
    tampered[-20] ^= 1
    for wrong in (other, enveloping, bytes(tampered), b"", b"x", b"-----BEGIN CMS-----\n", b"0" * (cms.LONGEST + 1)):
        refused = await deposit(agent, wrong)
        assert refused.status_code in (413, 422), wrong[:10]
    certified(tmp_path, until=NOON - timedelta(days=1))
    late = await deposit(agent, signed(tmp_path, hashes))
    assert late.status_code == 422
    assert "valide aujourd’hui" in late.text
    assert await row("SELECT id FROM signature") is None


async def test_files_that_are_made_again_have_no_signature_any_more(
    agent: AsyncClient, clock: Clock, quick: Quick, tmp_path: Path
) -> None:
    hashes = await make_published(agent, clock)
    certified(tmp_path)
    assert (await deposit(agent, signed(tmp_path, hashes))).status_code == 303
    await rows("UPDATE document SET sha256 = 'of other files', content = $1 WHERE format = 'txt'", b"autres")
    assert "Signée par" not in (await agent.get("/syntheses/1")).text
    assert (await agent.get("/syntheses/1/signature")).status_code == 404
    await rows("UPDATE document SET sha256 = $1 WHERE format = 'txt'", "0" * 64)
    assert (await deposit(agent, signed(tmp_path, b"autres"))).status_code == 303
    assert "Signée par" in (await agent.get("/syntheses/1")).text


async def test_only_what_is_published_is_signed_and_by_agents_alone(
    agent: AsyncClient, clock: Clock, quick: Quick, tmp_path: Path
) -> None:
    await make_votes(Voting.OPINIONS, voters=6)
    await compiled(agent, clock)
    certified(tmp_path)
    signature = signed(tmp_path, (await agent.get(HASHES)).content)
    assert (await deposit(agent, signature)).status_code == 409
    assert (await agent.post("/syntheses/1/publier", data={"confirmation": "1"})).status_code == 303
    await sign_in(agent, await make_member("Mina Membre"))
    assert (await deposit(agent, signature)).status_code == 403
    assert (await agent.get("/syntheses/1/signer")).status_code == 403


def test_without_openssl_nothing_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(Unavailable):
        cms.signer_of(b"x", b"y", NOON)
