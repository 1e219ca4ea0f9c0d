"""Who vouches for a published synthesis? A signature of its hashes, made outside and deposited by an agent.

It stands beside the files and never inside them: a PDF cannot be signed inside and keep what makes it accessible and
durable. It is about `empreintes.txt`, which has the SHA-256 of every file. Files that are made again after an erasure
have other hashes: a former signature is then shown no more, and another one can be deposited.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from anyio import to_thread

from forum.database import row, rows, transaction
from forum.domain import journal
from forum.domain.references import storable
from forum.domain.syntheses.documents import DocumentFile, read_format
from forum.errors import Checks, Conflict, NotFound
from forum.models.syntheses import SynthesisState
from forum.permissions import Viewer, demand, may_publish
from forum.verification.cms import signer_of


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """What is told of a signature that was verified when it was deposited."""

    signer: str
    issuer: str
    fingerprint: str
    deposited_at: datetime


async def read_signature(synthesis: int) -> SignatureLine | None:
    """The signature of the present files of a synthesis, which the caller has checked this person may see."""
    found = await row(f"SELECT g.signer, g.issuer, g.fingerprint, g.deposited_at {_OF_PRESENT_FILES}", synthesis)
    if found is None:
        return None
    return SignatureLine(found["signer"], found["issuer"], found["fingerprint"], found["deposited_at"])


_OF_PRESENT_FILES = """
      FROM signature g JOIN document d ON d.synthesis_id = g.synthesis_id AND d.format = 'txt' AND d.sha256 = g.signed
     WHERE g.synthesis_id = $1"""


async def download_signature(viewer: Viewer | None, synthesis: int, now: datetime) -> DocumentFile:
    """The signature as a file. Raises NotFound: there is none, or this person may not know of the synthesis."""
    hashes = await read_format(viewer, synthesis, "txt", now)
    found = await row(f"SELECT g.content, g.sha256 {_OF_PRESENT_FILES}", synthesis)
    if found is None:
        raise NotFound
    name, media_type = f"{hashes.file_name}.p7s", "application/pkcs7-signature"
    return DocumentFile(name, media_type, found["sha256"], bytes(found["content"]), hashes.is_public)


async def deposit_signature(viewer: Viewer | None, synthesis: int, signature: bytes, now: datetime) -> None:
    """Verify a detached signature of the hashes of a published synthesis, and show it with them.

    Raises:
        SignInRequired, NotAllowed, NotFound: only agents and administrators; for others drafts do not exist.
        InvalidForm: it is not a signature of these hashes, or its certificate is not valid now.
        Conflict: it is not published, its files are being made again, or it is signed already.
        Unavailable: this server cannot verify it.
    """
    hashes = await read_format(viewer, synthesis, "txt", now)
    demand(may_publish, viewer, now)
    checks = Checks()
    with checks.field("fichier"):
        signer = await to_thread.run_sync(signer_of, signature, hashes.content, now)
    checks.done()
    async with transaction():
        demand(may_publish, viewer, now)
        found = await row(
            """SELECT s.state, d.sha256, th.working_group_id,
                      EXISTS (SELECT 1 FROM signature g
                               WHERE g.synthesis_id = s.id AND g.signed = d.sha256)::bool AS signed
                 FROM synthesis s JOIN document d ON d.synthesis_id = s.id AND d.format = 'txt'
                 LEFT JOIN theme th ON th.id = s.theme_id WHERE s.id = $1""",
            storable(synthesis),
        )
        if found is None or found["sha256"] != hashes.sha256 or not SynthesisState(found["state"]).is_public:
            raise Conflict("On signe une synthèse publiée, dont les fichiers ne changent plus. Rechargez la page.")
        if found["signed"]:
            raise Conflict("Cette synthèse est déjà signée. Rechargez la page.")
        await rows("DELETE FROM signature WHERE synthesis_id = $1", synthesis)
        await rows(
            """INSERT INTO signature (synthesis_id, content, sha256, signed, signer, issuer, fingerprint, deposited_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
            synthesis,
            signature,
            hashlib.sha256(signature).hexdigest(),
            hashes.sha256,
            signer.name,
            signer.issuer,
            signer.fingerprint,
            now,
        )
        await journal.record(
            viewer,
            "sign",
            "synthesis",
            synthesis,
            group=found["working_group_id"],
            after=signer.fingerprint,
            now=now,
        )
