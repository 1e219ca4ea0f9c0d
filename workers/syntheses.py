"""Compile a synthesis: the frozen data in, one file per format out, stored together; from a job or from the shell.

A format whose renderer is missing costs that format only. Rendering happens in `rendering`, data and rights are in the
domain, layout is in `forum/documents`.
"""

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from anyio import to_thread

from forum.documents.formats import FORMATS
from forum.documents.zips import stable_zip
from forum.domain import jobs
from forum.domain.jobs import Claim, JobProgress, progress_of
from forum.domain.syntheses.documents import (
    Made,
    ToCompile,
    begin_compiling,
    document_lines,
    fail_synthesis,
    read_own_document,
    store_documents,
)
from forum.domain.syntheses.frozen_data import sheets_of
from forum.domain.syntheses.requests import request_from_shell
from forum.domain.syntheses.syntheses import job_key
from forum.errors import Invalid, Unavailable, plain_reason
from forum.jobs import JobName
from forum.verification.published import BESIDE, manifest
from workers import running
from workers.rendering import rendered
from workers.running import Work

# Called with the number of steps done, the total, and the format under way.
OnProgress = Callable[[int, int, str], None]


async def compile_synthesis(claim: Claim) -> None:
    """Make every format of one synthesis. Run twice, it changes nothing.

    Raises:
        LostLease: somebody else took the job meanwhile: nothing is written.
    """
    steps = len(FORMATS) + 1
    found = await begin_compiling(claim, steps=steps)
    made: list[Made] = []
    if found is not None:
        async with aclosing(rendered(found.source)) as formats:
            for step, format_ in enumerate(FORMATS.values()):
                await jobs.advance(claim, step, steps, format_.name)
                made.append(await anext(formats))
        await jobs.advance(claim, len(FORMATS), steps, "ZIP")
        data = {"figees.json": found.snapshot, **await sheets_of(found.snapshot)}
        made += await to_thread.run_sync(_verifiable, found, made, data)
    await store_documents(claim, tuple(made), running.clock())


def _verifiable(found: ToCompile, made: Sequence[Made], data: Mapping[str, bytes]) -> list[Made]:
    """The list of all hashes, and everything in one file with what verifies it."""
    named = {f"{found.name}{one.format}": one.content for one in made if one.content is not None}
    parts = {**BESIDE, **named, **{f"{found.name}{ending}": content for ending, content in data.items()}}
    hashes = manifest(parts)
    taken_at = json.loads(found.snapshot)["taken_at"]
    everything = stable_zip({**parts, f"{found.name}empreintes.txt": hashes}, taken_at)
    return [Made("txt", "text/plain; charset=utf-8", hashes), Made("zip", "application/zip", everything)]


WORK: Final[Mapping[str, Work]] = {JobName.COMPILE_SYNTHESIS: Work(compile_synthesis, fail_synthesis)}


# From the shell


@dataclass(frozen=True, slots=True)
class Compiled:
    """The result of the command: the files that it wrote, and a sentence for each format that it could not make."""

    synthesis: int
    version: int
    draft: bool
    """A working draft without any tally, because votes are open or still to come; `version` is then a draft's."""
    is_new: bool
    """False when nothing had changed since that version, or that draft."""
    files: tuple[Path, ...]
    problems: tuple[str, ...]


async def compile_here(
    theme: int | None, formats: Sequence[str], out_dir: Path, now: datetime, on_progress: OnProgress
) -> Compiled:
    """Ask for a synthesis, make it in this process (or wait for the worker that took it), and write its files.

    The synthesis and all its documents are kept in the database like one asked for on the site; `formats` only says
    which are written to `out_dir`.

    Raises:
        Invalid: an unknown format or theme, or an `out_dir` that cannot be written to.
        Unavailable: the compilation failed; the sentence says why.
    """
    wanted = _wanted(formats)
    _prepare(out_dir)
    asked = await request_from_shell(theme, now)
    progress = await _work_off(job_key(asked.id), on_progress)
    if progress.state == "failed":
        raise Unavailable(
            "La compilation a échoué : {reason} (trace {trace})",
            values={"reason": progress.error, "trace": progress.trace_id},
        )
    files, problems = [], []
    for line in await document_lines(asked.id):
        if line.format in wanted and line.error:
            problems.append(line.error)
        elif line.format in wanted:
            document = await read_own_document(asked.id, line.format)
            files.append(_write_whole(out_dir / line.file_name, document.content))
    return Compiled(asked.id, asked.version, asked.draft, asked.is_new, tuple(files), tuple(problems))


def _wanted(formats: Sequence[str]) -> frozenset[str]:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise Invalid(
            "Format inconnu : {unknown}. Formats possibles : {known}.",
            field="format",
            values={"unknown": ", ".join(unknown), "known": ", ".join(FORMATS)},
        )
    return frozenset(formats)


def _prepare(out_dir: Path) -> None:
    """Check that the result can be kept, before minutes of work."""
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Invalid(
            "Le dossier {folder} ne peut pas être créé : {reason}.",
            field="out",
            values={"folder": out_dir, "reason": plain_reason(problem)},
        ) from problem
    if not os.access(out_dir, os.W_OK | os.X_OK):
        raise Invalid("Le dossier {folder} est fermé en écriture.", field="out", values={"folder": out_dir})


async def _work_off(key: str, on_progress: OnProgress) -> JobProgress:
    """Wait until the job is over, running it here unless another worker holds it."""
    while True:
        progress = await _told(key, on_progress)
        if progress.is_over:
            return progress
        working = asyncio.create_task(running.run(progress.job, WORK))
        while not working.done():
            await asyncio.wait({working}, timeout=0.2)
            progress = await _told(key, on_progress)
        await working
        if not progress.is_over:
            await asyncio.sleep(0.5)


async def _told(key: str, on_progress: OnProgress) -> JobProgress:
    progress = await progress_of(key)
    if progress is None:
        raise LookupError(f"no job was asked for under {key}")
    on_progress(progress.done, progress.total, progress.step)
    return progress


def _write_whole(path: Path, content: bytes) -> Path:
    """Write a file that appears complete under its name, or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path
