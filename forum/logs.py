"""One JSON line per event on stderr. No secret, no token, no words of a member; people appear by number only.

A fault is told whole once. As long as it goes on it is counted, and a line a minute says how often it came back; an
outage that fails every request would otherwise hide itself in its own tracebacks. A line that names its `fault` is
counted by that name, wherever it was met.
"""

import atexit
import logging
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

import structlog

EVERY: Final = 60.0
"""Seconds for which a fault that comes back is only counted."""
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


_writers: list[Callable[[str], None]] = []


def write_line(line: str) -> None:
    """Write a line that is JSON already: for what is told at each request, since structlog takes five times as long."""
    for write in _writers:
        write(line)


def open_logs() -> None:
    """Log every line of this process, its libraries included, as JSON."""
    faults, stream = Faults(), sys.stderr
    render = structlog.processors.JSONRenderer(ensure_ascii=False)

    def tell_counts(*, all_of_them: bool = False) -> None:
        for line in () if stream.closed else faults.counted(all_of_them=all_of_them):
            stream.write(f"{render(None, '', line)!s}\n")

    def write(line: str) -> None:
        tell_counts()
        stream.write(f"{line}\n")
        stream.flush()

    def once(_: object, __: str, line: Line) -> Line:
        tell_counts()
        problem = _problem_of(line.get("exc_info"))
        event = str(line["event"])
        if "fault" in line and not faults.is_new_by_name(event, line["fault"]):
            raise structlog.DropEvent
        if problem is not None and not faults.is_new(event, problem):
            raise structlog.DropEvent
        return line

    def once_for_libraries(record: logging.LogRecord) -> bool:
        tell_counts()
        problem = _problem_of(record.exc_info)
        return problem is None or faults.is_new(str(record.msg), problem)

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[once, *shared, structlog.processors.format_exc_info, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
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
    _writers[:] = [write]
    sys.excepthook = _tell_the_end
    atexit.register(tell_counts, all_of_them=True)


def _tell_the_end(kind: type[BaseException], problem: BaseException, traceback: TracebackType | None) -> None:
    """What nobody caught ends the program: its last line is one of the log too."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, problem, traceback)
        return
    structlog.get_logger().critical("the program ends by a fault", exc_info=problem)
