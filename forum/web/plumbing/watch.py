"""What is told of a request once it is answered? One line in the log: where, what came out, how long it took; and, when
the settings open /metriques, the same as counts.

The route's name stands for the address, whose words and numbers say what somebody reads. Who asked is told only of a
refusal (403, 429), by number, with the sentence that they read. What failed has a line of its own (`forum/logs.py`)
under the same number of request.
"""

import asyncio
import ipaddress
from datetime import UTC, datetime
from time import perf_counter, time
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import Scope

from forum.logs import request_parts, write_line
from forum.settings import Settings

REFUSALS = frozenset({403, 429})
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

TICK: Final = 1.0
"""Seconds between two looks at how late the event loop is."""

logger = structlog.get_logger("access")


class Watch:
    """The watch of one application, as the settings want it."""

    def __init__(self, settings: Settings) -> None:
        self._tells_all = settings.logs.access
        self._addresses = settings.logs.addresses
        self._counts = settings.metrics.loopback or bool(settings.metrics.token)
        self.registry = CollectorRegistry()
        self._answered = Counter("cahier_requests", "Requests answered", ["route", "status"], registry=self.registry)
        self._took = Histogram(
            "cahier_request_seconds", "Time to answer", ["route"], buckets=SECONDS, registry=self.registry
        )
        self._late = Histogram(
            "cahier_event_loop_delay_seconds", "How late the event loop is", buckets=SECONDS, registry=self.registry
        )
        self._second, self._until = 0, ""
        self._told: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def begin(self, scope: Scope) -> None:
        """From here on every line that this request causes bears its number."""
        parts = {"request": scope["state"]["request_id"]}
        if self._addresses != "none":
            parts["address"] = self._address(scope)
        request_parts.set(parts)

    def _address(self, scope: Scope) -> str:
        host = scope["client"][0] if scope.get("client") else ""
        return host if self._addresses == "whole" else network(host)

    def tell(self, scope: Scope, status: int) -> None:
        """Tell of a request that was answered."""
        state, route, method = scope["state"], scope.get("route"), scope["method"]
        seconds = perf_counter() - state["started"]
        ms = round(seconds * 1000, 1)
        if self._counts:
            self._count(route or "none", status, seconds)
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
                f'"timestamp": "{self._timestamp()}"}}'
            )

    def _timestamp(self) -> str:
        """Now as the rest of the log writes it; the day and time are written once a second, for all its requests."""
        now = time()
        second = int(now)
        if second != self._second:
            self._second, self._until = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._until}.{int((now - second) * 1_000_000):06}Z"

    def _count(self, route: str, status: int, seconds: float) -> None:
        found = self._told.get((route, status))
        if found is None:
            found = self._told[route, status] = self._answered.labels(route, status), self._took.labels(route)
        found[0].inc()
        found[1].observe(seconds)

    async def watch_loop(self) -> None:
        """Note each second how much later than asked this task is woken: everybody waits as long."""
        while self._counts:
            due = perf_counter() + TICK
            await asyncio.sleep(TICK)
            self._late.observe(max(0.0, perf_counter() - due))


def network(host: str) -> str:
    """The network of an address: what is left tells a provider or a building, not a person."""
    try:
        read = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network(f"{read}/{24 if read.version == 4 else 48}", strict=False))
