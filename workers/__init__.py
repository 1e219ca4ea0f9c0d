"""The background door: `python -m forum work`, or `workers.embedded` inside the web process."""

import sys


def __getattr__(name: str) -> object:
    """arq was once started with settings that stood here: whoever still does so reads what to do instead."""
    if name == "WorkerSettings":
        sys.exit("L’ouvrier se lance désormais par python -m forum work")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
