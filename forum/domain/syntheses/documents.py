"""Which files does a synthesis have? The set of documents is stored whole, in one transaction, or not at all.

The worker reads the frozen data here and brings the bytes back, so changes of the database do not affect it. Rights on
a document are those of its synthesis, checked again at each download.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forum.database import Row, row, rows, transaction
from forum.domain import jobs
from forum.domain.jobs import Claim
from forum.domain.references import storable
from forum.domain.syntheses.states import SynthesisStep, take
from forum.errors import NotFound
from forum.models.syntheses import SynthesisState
from forum.permissions import Viewer, may_read_synthesis
from forum.text.typography import PARIS

# Formats for reading first, then those for reuse, then what verifies them: all files in one, all hashes.
ORDER: Final = ("html", "pdf", "odt", "docx", "csv", "json", "zip", "txt")
_ENDINGS: Final = {"txt": "empreintes.txt", "zip": "verification.zip"}
_FILE_NAME: Final = re.compile(r".+\.([a-z]{2,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Made:
    """The result of one format: its bytes, or the sentence that says why there are none."""

    format: str
    media_type: str
    content: bytes | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One document in the list of a synthesis. `size` is in bytes; with an `error` there is nothing to download."""

    format: str
    media_type: str
    file_name: str
    size: int
    sha256: str
    error: str

    @property
    def verifies(self) -> bool:
        """Whether it says nothing itself, but verifies the others."""
        return self.format in _ENDINGS


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """One document, to download."""

    file_name: str
    media_type: str
    sha256: str
    content: bytes
    is_public: bool


# What the worker needs


@dataclass(frozen=True, slots=True)
class ToCompile:
    """The frozen data to make documents of, in its canonical form, what is written with it, and how all their names
    begin."""

    snapshot: bytes
    written: bytes
    name: str

    @property
    def source(self) -> bytes:
        """What renderers read: the data in one line, then what is written, if anything, in a second one."""
        return b"\n".join(filter(None, (self.snapshot, self.written)))


async def begin_compiling(claim: Claim, *, steps: int) -> ToCompile | None:
    """What to make documents of; None when there is nothing left to make.

    A job that runs twice finds a complete synthesis, or a published one, and leaves it as it is. One whose documents
    were deleted by an erasure gets new ones, published or not.

    Raises:
        LostLease: somebody else took the job meanwhile.
        LookupError: there is no such synthesis.
    """
    async with transaction():
        found = await row(
            """SELECT s.state, s.snapshot, s.written, s.version, s.draft, s.requested_at, th.number, '' AS format,
                      EXISTS (SELECT 1 FROM document d WHERE d.synthesis_id = s.id)::bool AS has_documents
                 FROM synthesis s LEFT JOIN theme th ON th.id = s.theme_id WHERE s.id = $1""",
            claim.subject,
        )
        if found is None:
            raise LookupError(f"synthesis {claim.subject} does not exist")
        state = SynthesisState(found["state"])
        if found["has_documents"] and (state.is_public or state in (SynthesisState.READY, SynthesisState.REVIEW)):
            return None
        await jobs.advance(claim, 0, steps, "")
        await take(SynthesisStep.BEGIN, claim.subject)
    return ToCompile(str(found["snapshot"]).encode(), str(found["written"]).encode(), file_name_of(found))


async def store_documents(claim: Claim, made: tuple[Made, ...], now: datetime) -> None:
    """Write the whole set and the end of the job, in one transaction: readers see all of it or nothing.

    Raises:
        LostLease: somebody else took the job meanwhile: nothing is written.
    """
    async with transaction():
        await jobs.finish(claim, now)
        if made:
            await rows("DELETE FROM document WHERE synthesis_id = $1 RETURNING id", claim.subject)
            for one in made:
                await _insert(claim.subject, one, now)
            await take(SynthesisStep.FINISH, claim.subject)


async def fail_synthesis(claim: Claim, error: str, trace_id: str, now: datetime) -> None:
    """The last try failed: mark both the job and its synthesis as failed.

    Raises:
        LostLease: somebody else took the job meanwhile: nothing is written.
    """
    async with transaction():
        await jobs.give_up(claim, error, trace_id, now)
        await take(SynthesisStep.FAIL, claim.subject)


async def _insert(synthesis: int, made: Made, now: datetime) -> None:
    content = made.content
    await rows(
        """INSERT INTO document (synthesis_id, format, media_type, content, sha256, size, error, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id""",
        synthesis,
        made.format,
        made.media_type,
        content,
        "" if content is None else hashlib.sha256(content).hexdigest(),
        0 if content is None else len(content),
        made.error[:500],
        now,
    )


# What people read


async def document_lines(synthesis: int) -> tuple[DocumentLine, ...]:
    """The documents of a synthesis that the caller has checked this person may see, in the order of `ORDER`."""
    found = await rows(
        f"SELECT d.format, d.media_type, d.size, d.sha256, d.error, {_NAME_COLUMNS} WHERE d.synthesis_id = $1",
        synthesis,
    )
    lines = [
        DocumentLine(r["format"], r["media_type"], file_name_of(r), r["size"], r["sha256"], r["error"]) for r in found
    ]
    return tuple(sorted(lines, key=lambda line: ORDER.index(line.format)))


_NAME_COLUMNS: Final = """
    s.version, s.draft, s.requested_at, th.number
      FROM document d JOIN synthesis s ON s.id = d.synthesis_id LEFT JOIN theme th ON th.id = s.theme_id"""


def file_name_of(found: Row) -> str:
    """Such as "synthese-T3-v1-2026-11-23.odt": scope, number, and the day of the data where the consultation is.

    A working draft is "synthese-T3-brouillon1-2026-11-23.odt".
    """
    taken = found["requested_at"]
    scope = "consultation" if found["number"] is None else f"T{found['number']}"
    day = taken.astimezone(PARIS).date().isoformat()
    nature = "brouillon" if found["draft"] else "v"
    return f"synthese-{scope}-{nature}{found['version']}-{day}.{_ENDINGS.get(found['format'], found['format'])}"


async def read_document(viewer: Viewer | None, synthesis: int, file_name: str, now: datetime) -> DocumentFile:
    """One document of a synthesis, by the name that its list gives.

    Raises:
        NotFound: no such document, or this person may not know of it (any more).
    """
    extension = _FILE_NAME.fullmatch(file_name)
    if extension is None:
        raise NotFound
    document = await read_format(viewer, synthesis, extension[1], now)
    if document.file_name != file_name:
        raise NotFound
    return document


async def read_format(viewer: Viewer | None, synthesis: int, format_: str, now: datetime) -> DocumentFile:
    """One document of a synthesis, by its format.

    Raises:
        NotFound: no such document, or this person may not know of it (any more).
    """
    document = await read_own_document(synthesis, format_)
    may_read_synthesis(viewer, document.is_public, now).require()
    return document


async def read_own_document(synthesis: int, format_: str) -> DocumentFile:
    """One document of a synthesis, by its format, for the command line of the server: rights are not checked.

    Raises:
        NotFound: no such document.
    """
    found = await row(
        f"SELECT d.format, d.media_type, d.sha256, d.content, s.state, {_NAME_COLUMNS} "
        "WHERE d.synthesis_id = $1 AND d.format = $2",
        storable(synthesis),
        format_,
    )
    if found is None or found["content"] is None:
        raise NotFound
    is_public = SynthesisState(found["state"]).is_public
    return DocumentFile(file_name_of(found), found["media_type"], found["sha256"], bytes(found["content"]), is_public)
