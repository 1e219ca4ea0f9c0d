"""The worker inside the web process, for a site without Redis: it starts after the first answers and stops with the
site.

`start` only makes a task and returns. The task lets the first readers in, then imports the engine in a thread, because
arq, fakeredis and the renderers take most of a second to import and nobody should wait for them: that is the only
reason for `import_module` here. `stop` releases a running job, so that the next start takes it up at once; after a
SIGKILL, it is taken up when its lease ends.
"""

import asyncio
from importlib import import_module
from typing import Final

import anyio.to_thread
import structlog

READERS_FIRST: Final = 1.0
"""Seconds left to the first answers before the engine is imported."""

AFTER_A_FALL: Final = 5.0
"""Seconds before a crashed worker is replaced: as often as the table is polled."""

log = structlog.get_logger()

_working: asyncio.Task[None] | None = None


async def start() -> None:
    """Start the worker of this process. Returns at once. The database must stay open until `stop`."""
    global _working  # one process, one worker
    if _working is not None:
        raise RuntimeError("the embedded worker is started already")
    _working = asyncio.create_task(_work(), name="embedded worker")


async def stop() -> None:
    """Release the job that runs, if any, and end. Does nothing when there is no worker."""
    global _working
    working, _working = _working, None
    if working is not None:
        working.cancel()
        await asyncio.wait({working})


async def _work() -> None:
    """Replace a worker that crashes: a web process that answers but never compiles would be noticed too late."""
    await asyncio.sleep(READERS_FIRST)
    while True:
        try:
            engine = await anyio.to_thread.run_sync(import_module, "workers.engine")
            await engine.work()
        except Exception:
            log.exception("the embedded worker crashed, another one is started")
        await asyncio.sleep(AFTER_A_FALL)
