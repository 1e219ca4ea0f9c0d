"""Did somebody sign these bytes? A detached CMS signature (RFC 5652), as certificates of French administrations make.

No library of ours verifies CMS, and the format is too old to be read by hand: OpenSSL does it, as anybody would on
their own machine. It says that the bytes are those that the holder of the certificate signed; whether the authority
that issued the certificate can be trusted, each reader decides, and the page says so.
"""

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from forum.errors import Invalid, Unavailable

LONGEST: Final = 100_000
"""Bytes: a signature with a chain of certificates takes ten thousand."""
_SECONDS: Final = 10.0
_SAID: Final = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose certificate signed, and who issued it, in their own words; `fingerprint` is its SHA-256."""

    name: str
    issuer: str
    fingerprint: str
    valid_until: datetime


def signer_of(signature: bytes, content: bytes, now: datetime) -> Signer:
    """Who signed these bytes.

    Raises:
        Invalid: it is no detached CMS signature of these bytes, or its certificate is not valid now.
        Unavailable: this server has no OpenSSL.
    """
    if not 0 < len(signature) <= LONGEST:
        raise Invalid("Choisissez un fichier de signature CMS (.p7s), de 100 ko au plus.")
    openssl = shutil.which("openssl")
    if openssl is None:
        raise Unavailable("OpenSSL n’est pas installé sur ce serveur : la signature ne peut pas être vérifiée.")
    with TemporaryDirectory(prefix="signature-") as folder:
        certificates = _verified(openssl, Path(folder), signature, content)
    if not certificates:
        raise Invalid(
            "Ce fichier n’est pas une signature CMS détachée des empreintes de cette synthèse. Signez le fichier "
            "empreintes.txt tel que cette page le donne, sans l’ouvrir ni l’enregistrer dans un éditeur."
        )
    signer = certificates[0]
    if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
        raise Invalid("Le certificat de cette signature n’est pas valide aujourd’hui.")
    return Signer(
        _said(signer.subject), _said(signer.issuer), signer.fingerprint(SHA256()).hex(), signer.not_valid_after_utc
    )


def _verified(openssl: str, folder: Path, signature: bytes, content: bytes) -> list[x509.Certificate]:
    """The certificates of those who signed; none unless OpenSSL finds the signature right."""
    signed, signers = folder / "signature", folder / "signers.pem"
    signed.write_bytes(signature)
    (folder / "content").write_bytes(content)
    form = "PEM" if signature.lstrip().startswith(b"-----BEGIN") else "DER"
    try:
        done = subprocess.run(  # noqa: S603  # our own arguments, no shell
            [
                *(openssl, "cms", "-verify", "-binary", "-noverify", "-inform", form, "-in", str(signed)),
                *("-content", str(folder / "content"), "-signer", str(signers), "-out", str(folder / "out")),
            ],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={"OPENSSL_CONF": "/dev/null"},
        )
        if done.returncode or not signers.exists():
            return []
        return x509.load_pem_x509_certificates(signers.read_bytes())
    except (subprocess.TimeoutExpired, ValueError):
        return []


def _said(name: x509.Name) -> str:
    """Such as "Ministère de la Culture, DGMIC": the parts that name somebody, each once."""
    parts: Iterable[str] = (str(one.value) for oid in _SAID for one in name.get_attributes_for_oid(oid))
    return ", ".join(dict.fromkeys(parts))[:300] or name.rfc4514_string()[:300]
