"""What is told of a request once it is answered? One line in the log: where, what came out, how long it took.

The route's name stands for the address, whose words and numbers say what somebody reads. Who asked is told only of a
refusal (403, 429), by number, with the sentence that they read. What failed has a line of its own (`forum/logs.py`)
under the same number of request.
"""

import ipaddress
from datetime import UTC, datetime
from time import perf_counter

import structlog
from starlette.types import Scope

from forum.logs import write_line
from forum.settings import Settings

REFUSALS = frozenset({403, 429})

logger = structlog.get_logger("access")


class Watch:
    """The watch of one application, as the settings want it."""

    def __init__(self, settings: Settings) -> None:
        self._tells_all = settings.logs.access
        self._addresses = settings.logs.addresses

    def begin(self, scope: Scope) -> None:
        """From here on every line that this request causes bears its number."""
        structlog.contextvars.bind_contextvars(request=scope["state"]["request_id"])
        if self._addresses != "none":
            structlog.contextvars.bind_contextvars(address=self._address(scope))

    def _address(self, scope: Scope) -> str:
        host = scope["client"][0] if scope.get("client") else ""
        return host if self._addresses == "whole" else network(host)

    def tell(self, scope: Scope, status: int) -> None:
        """Tell of a request that was answered."""
        state, route, method = scope["state"], scope.get("route"), scope["method"]
        ms = round((perf_counter() - state["started"]) * 1000, 1)
        if status in REFUSALS:
            member = state["viewer"].id if state["viewer"] else None
            logger.warning(
                "request", route=route, method=method, status=status, ms=ms, refusal=state["refusal"], member=member
            )
        elif self._tells_all or status >= 500:
            # Names of ours, a method that httptools knows, numbers: nothing that JSON would have to escape.
            name = f'"{route}"' if route else "null"
            address = "" if self._addresses == "none" else f', "address": "{self._address(scope)}"'
            write_line(
                f'{{"event": "request", "route": {name}, "method": "{method}", "status": {status}, "ms": {ms}, '
                f'"request": "{state["request_id"]}"{address}, "level": "info", '
                f'"timestamp": "{datetime.now(UTC).isoformat()}"}}'
            )


def network(host: str) -> str:
    """The network of an address: what is left tells a provider or a building, not a person."""
    try:
        read = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{read}/{24 if read.version == 4 else 48}", strict=False))
