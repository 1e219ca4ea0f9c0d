"""Render in a process of its own: the frozen data goes in, each format comes out as soon as it is made.

Renderers take half a gigabyte for five hundred proposals and a whole core for seconds. Here both are freed when the
last format is out, page requests on the same machine go first (`NICENESS`), and a renderer that crashes takes nothing
with it. It is handed no setting: the frozen data say all, and secrets stay where they are. When the worker dies, its
pipe breaks and this process ends too.

`rendered` is the worker's side; `python -m workers.rendering` the other. Between them, on stdout, each format is a line
of JSON, then as many bytes as the line says.
"""

import asyncio
import json
import os
import sys
import traceback
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from typing import BinaryIO, Final

from forum.documents.formats import FORMATS, Format, MissingRenderer
from forum.documents.outline import Outline
from forum.domain.chapters.outlines import outline_of
from forum.domain.syntheses.documents import Made
from forum.domain.syntheses.snapshots import from_json
from forum.domain.syntheses.written import from_line
from forum.errors import Unavailable
from forum.settings import ROOT, without_settings

NICENESS: Final = 5
"""Enough for a web process on the same core to answer first, not enough to starve the compilation."""


class RenderingFailed(Unavailable):
    """A format could not be made, for a reason other than a missing package. The log has the full error."""


async def rendered(snapshot: bytes) -> AsyncGenerator[Made, None]:
    """Each format as it is made, in the order of `FORMATS`, of what `begin_compiling` gives. Closing the iterator ends
    the process.

    Raises:
        RenderingFailed: a renderer failed, or the process died.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.rendering", cwd=ROOT, stdin=PIPE, stdout=PIPE, env=without_settings()
    )
    try:
        await _give(process, snapshot)
        for _ in FORMATS:
            yield await _receive(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _give(process: Process, snapshot: bytes) -> None:
    if process.stdin is None:
        raise TypeError("the process was opened with a pipe")
    try:
        process.stdin.write(snapshot)
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError) as problem:
        raise RenderingFailed(await _how_it_died(process)) from problem


async def _receive(process: Process) -> Made:
    if process.stdout is None:
        raise TypeError("the process was opened with a pipe")
    line = await process.stdout.readline()
    if not line:
        raise RenderingFailed(await _how_it_died(process))
    head = json.loads(line)
    if "failure" in head:
        raise RenderingFailed(head["failure"])
    try:
        content = await process.stdout.readexactly(head["size"])
    except asyncio.IncompleteReadError as problem:
        raise RenderingFailed(await _how_it_died(process)) from problem
    return Made(head["format"], head["media_type"], None if head["error"] else content, head["error"])


async def _how_it_died(process: Process) -> str:
    return f"Le programme de mise en page s’est arrêté (code {await process.wait()})."


# The other side


def main() -> None:
    """Read a snapshot, and what is written with it, on stdin; write every format on stdout."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a renderer prints must not be mistaken for a document
    os.nice(NICENESS)
    try:
        frozen, _, written = sys.stdin.buffer.read().partition(b"\n")
        outline = outline_of(from_json(frozen), from_line(written.decode()))
        for format_ in FORMATS.values():
            _write(out, _made(format_, outline))
    except Exception as problem:
        traceback.print_exc()
        out.write(json.dumps({"failure": f"{type(problem).__name__} : {problem}"}).encode() + b"\n")
        out.flush()
        sys.exit(1)


def _made(format_: Format, outline: Outline) -> Made:
    try:
        return Made(format_.extension, format_.media_type, format_.render(outline))
    except MissingRenderer as problem:
        print(f"renderer missing: {problem}", file=sys.stderr)
        return Made(format_.extension, format_.media_type, error=str(problem))


def _write(out: BinaryIO, made: Made) -> None:
    content = made.content or b""
    head = {"format": made.format, "media_type": made.media_type, "size": len(content), "error": made.error}
    out.write(json.dumps(head).encode() + b"\n" + content)
    out.flush()


if __name__ == "__main__":
    main()
