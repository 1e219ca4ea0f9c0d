"""What did the tests that measure find? Their figures, a line each, at the end of the run."""

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Final

import pytest

FIGURES: Final = "figures"
Say = Callable[[str], None]


@pytest.fixture
def say_figures(record_property: Callable[[str, object], None]) -> Say:
    """Have a line said, from whichever process the test runs in, also if the test fails afterwards."""
    return partial(record_property, FIGURES)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = chain.from_iterable(terminalreporter.stats.get(outcome, ()) for outcome in ("passed", "failed"))
    lines = [(one.nodeid, value) for one in reports for name, value in one.user_properties if name == FIGURES]
    if lines:
        terminalreporter.section("figures")
    for test, line in lines:
        terminalreporter.write_line(f"{test}\n    {line}")
