"""The background door: `python -m arq workers.WorkerSettings`, or `workers.embedded` inside the web process.

The settings of the arq process are loaded only when asked for by name, as arq does: what they import (arq's worker, the
renderers) would slow down the start of the web process for nothing.
"""

from importlib import import_module


def __getattr__(name: str) -> object:
    if name == "WorkerSettings":
        return import_module("workers.settings").WorkerSettings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
