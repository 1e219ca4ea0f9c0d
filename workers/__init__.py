"""The background door: `python -m arq workers.WorkerSettings`, or `workers.embedded` inside the web process.

The settings of the arq process are loaded when they are asked for by name, which arq does and the web process does
not: what they need (arq's worker, the renderers) would slow down its start for nothing.
"""

from importlib import import_module


def __getattr__(name: str) -> object:
    if name == "WorkerSettings":
        return import_module("workers.settings").WorkerSettings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
