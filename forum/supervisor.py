"""What does systemd hear from a process that it started? That it is ready, that its event loop lives, that it stops."""

import asyncio
import socket
from typing import Final

from forum.settings import supervisor_address

EVERY: Final = 5.0
"""Seconds between two signs of life; a loop that is blocked gives none, and systemd restarts the process."""


def tell_supervisor(state: str) -> None:
    """Tell systemd (sd_notify(3)), when it started this process; nothing otherwise."""
    address = supervisor_address()
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


async def show_life() -> None:
    """Give signs of life in this event loop, for ever."""
    while True:
        tell_supervisor("WATCHDOG=1")
        await asyncio.sleep(EVERY)
