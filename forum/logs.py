"""One JSON line per event on stderr. No secret, no token, no words of a member; people appear by number only.

A fault is told whole once. As long as it goes on it is counted, and a line a minute says how often it came back; an
outage that fails every request would otherwise hide itself in its own tracebacks. A line that names its `fault` is
counted by that name, wherever it was met.
"""

import asyncio
import atexit
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO, cast

import structlog

EVERY: Final = 60.0
"""Seconds for which a fault that comes back is only counted."""
SOON: Final = 0.05
"""Seconds for which a line of a request may wait; a process that is killed meanwhile takes it along."""
TOLD: Final = "told_in_the_log"
"""Marks an exception that has its line: whoever raises it again, to be handled by uvicorn or asyncio, adds nothing."""

Line = MutableMapping[str, Any]


@dataclass(slots=True)
class _Fault:
    """A fault that was told whole: until when it is only counted, and what its next line says."""

    until: float
    line: dict[str, Any]
    times: int = 0


@dataclass(slots=True)
class Faults:
    """Which faults go on? A fault is an event, and its name or the kind of exception and the line that raised it."""

    clock: Callable[[], float] = time.monotonic
    _known: dict[tuple[str, str | type[BaseException], str], _Fault] = field(default_factory=dict)

    def is_new(self, event: str, problem: BaseException) -> bool:
        """Whether this one is to be told whole; otherwise it is counted, or it has its line already."""
        if TOLD in vars(problem):
            return False
        setattr(problem, TOLD, True)
        at = _origin(problem.__traceback__)
        return self._is_first((event, type(problem), at), {"problem": type(problem).__name__, "at": at})

    def is_new_by_name(self, event: str, fault: str) -> bool:
        """Whether a fault that has a name is to be told whole; otherwise it is counted."""
        return self._is_first((event, fault, ""), {"fault": fault})

    def _is_first(self, key: tuple[str, str | type[BaseException], str], said: dict[str, str]) -> bool:
        known = self._known.get(key)
        if known is None:
            line = {"event": key[0], "level": "error"} | said
            self._known[key] = _Fault(self.clock() + EVERY, line)
            return True
        known.times += 1
        return False

    def counted(self, *, all_of_them: bool = False) -> Iterator[Line]:
        """The lines that are due of those that were counted; one that stayed away for its minute is forgotten."""
        if not self._known:
            return
        now = self.clock()
        for key, fault in list(self._known.items()):
            if not all_of_them and now < fault.until:
                continue
            if fault.times:
                yield fault.line | {"times": fault.times, "timestamp": datetime.now(UTC).isoformat()}
                fault.until, fault.times = now + EVERY, 0
            else:
                del self._known[key]


def _origin(traceback: TracebackType | None) -> str:
    """The file and line that raised."""
    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}"


def _problem_of(told: object) -> BaseException | None:
    """The exception of a log call: itself, `sys.exc_info()`, or true for the one that is being handled."""
    if isinstance(told, BaseException):
        return told
    found = told[1] if isinstance(told, tuple) else sys.exc_info()[1] if told else None
    return found if isinstance(found, BaseException) else None


request_parts: ContextVar[Mapping[str, str]] = ContextVar("request_parts")
"""What every line that a request causes says of it."""


def _with_request(_: object, __: str, line: Line) -> Line:
    for name, value in request_parts.get({}).items():
        line.setdefault(name, value)
    return line


class _Stream:
    """Where the log is written. Lines of requests that were answered wait for a moment, so that one write takes many:
    writing costs more than making them. Any other line is written at once, after those that wait. What it does not
    take, on a full disk mostly, breaks no request: it is counted, and said with the first that is taken again. A pipe
    that nobody reads any more is left for good."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: list[str] = []
        self._lost = 0

    def write(self, text: str) -> int:
        lines = self._waiting[:]
        # Another thread may add one meanwhile.
        del self._waiting[: len(lines)]
        if self._stream.closed or not (lines or text):
            return 0
        said = {"event": "lines of the log came late or not at all", "level": "error", "times": self._lost}
        told = [f"{json.dumps(said)}\n"] if self._lost else []
        try:
            written = self._stream.write("".join([*told, *lines, text]))
            self._stream.flush()
        except BrokenPipeError:
            leave_pipe(self._stream)
            return 0
        except OSError:
            self._lost += len(lines) + text.count("\n")
            return 0
        self._lost = 0
        return written

    def flush(self) -> None:
        """Everything is flushed as it is written."""

    def write_soon(self, line: str) -> None:
        self._waiting.append(f"{line}\n")
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(SOON, write_waiting)


def leave_pipe(stream: TextIO) -> None:
    """Let a stream lead nowhere from now on, for all who write to it, until the last flush of the process."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


_opened: list[tuple[_Stream, Callable[[], None]]] = []
"""The log of this process once it is open, and what tells of the faults that are due."""


def write_line(line: str) -> None:
    """Write, soon, a line that is JSON already: for what each request tells; structlog takes five times as long."""
    for stream, _ in _opened:
        stream.write_soon(line)


def write_waiting() -> None:
    """Write what waits, and of the faults what is due."""
    for stream, tell_counts in _opened:
        tell_counts()
        stream.write("")


def open_logs() -> None:
    """Log every line of this process, its libraries included, as JSON."""
    faults, stream = Faults(), _Stream(sys.stderr)
    render = structlog.processors.JSONRenderer(ensure_ascii=False)

    def tell_counts(*, all_of_them: bool = False) -> None:
        for line in faults.counted(all_of_them=all_of_them):
            stream.write(f"{render(None, '', line)!s}\n")

    def once(_: object, __: str, line: Line) -> Line:
        tell_counts()
        event, problem = str(line["event"]), _problem_of(line.get("exc_info"))
        if "fault" in line and not faults.is_new_by_name(event, line["fault"]):
            raise structlog.DropEvent
        if problem is not None and not faults.is_new(event, problem):
            raise structlog.DropEvent
        return line

    def once_for_libraries(record: logging.LogRecord) -> bool:
        tell_counts()
        problem = _problem_of(record.exc_info)
        return problem is None or faults.is_new(str(record.msg), problem)

    def end() -> None:
        tell_counts(all_of_them=True)
        write_waiting()

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _with_request,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[once, *shared, structlog.processors.format_exc_info, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, stream)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.addFilter(once_for_libraries)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    _opened[:] = [(stream, tell_counts)]
    sys.excepthook = _tell_the_end
    atexit.register(end)


def _tell_the_end(kind: type[BaseException], problem: BaseException, traceback: TracebackType | None) -> None:
    """What nobody caught ends the program: its last line is one of the log too."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, problem, traceback)
        return
    structlog.get_logger().critical("the program ends by a fault", exc_info=problem)
