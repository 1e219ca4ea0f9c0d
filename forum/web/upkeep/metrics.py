"""/metriques: figures for Prometheus, off by default. By a token, or to whoever asks from this very machine.

Counts of requests are kept by `plumbing/watch.py` as they are answered; work that waits is read from the database when
the figures are asked for, and the time of that reading tells how long the database makes people wait. Each process has
its own figures. No label holds a number or a name of anything that people made.
"""

import hmac
import ipaddress
from math import inf
from time import perf_counter

from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from forum import storage
from forum.domain.upkeep.health import Condition, Health, HealthPart, look
from forum.domain.upkeep.saved import last_saved
from forum.domain.upkeep.state import Queue, queue_of_jobs, queue_of_mails
from forum.errors import NotFound
from forum.settings import Metrics
from forum.storage import Trouble
from forum.web.plumbing.callers import place_of


async def show(request: Request) -> Response:
    """The figures; for whoever may not read them, and while they are off, the page does not exist."""
    known: Metrics = request.app.state.settings.metrics
    if not _may_read(request, known):
        raise NotFound
    found = await look(request.state.now)
    families = _of_health(found)
    if found.condition is not Condition.FAIL:
        families += await _of_work(request)
    figures = generate_latest(request.app.state.watch.registry) + generate_latest(_JustRead(families))
    return Response(figures, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _of_health(found: Health) -> list[Metric]:
    """How each part is, whatever the database does: 0 in order, 1 degraded, 2 down."""
    condition = GaugeMetricFamily("cahier_health", "0 in order, 1 degraded, 2 down", labels=["part"])
    free = GaugeMetricFamily("cahier_free_bytes", "Room that is left", labels=["part"])
    silent = GaugeMetricFamily("cahier_worker_silent_seconds", "Since the latest sign of life of a worker")
    for one in found.findings:
        condition.add_metric([one.part.value], one.condition.rank)
        if one.part in (HealthPart.DISK, HealthPart.TEMPORARY) and one.figure is not None:
            free.add_metric([one.part.value], one.figure)
        if one.part is HealthPart.WORKER:
            silent.add_metric([], inf if one.figure is None else one.figure)
    faults = CounterMetricFamily("cahier_storage_faults", "Faults of the disk met by this process", labels=["fault"])
    for trouble in Trouble:
        faults.add_metric([trouble.value], storage.counts[trouble])
    return [condition, free, silent, faults]


async def _of_work(request: Request) -> list[Metric]:
    """What waits and what failed, and how long the database took to say it."""
    begun = perf_counter()
    jobs, mails = await queue_of_jobs(request.state.now), await queue_of_mails(request.state.now)
    asked = GaugeMetricFamily("cahier_database_answer_seconds", "Time that the database took for the figures of jobs")
    asked.add_metric([], perf_counter() - begun)
    backup = GaugeMetricFamily("cahier_backup_age_seconds", "Age of the last whole backup; infinite without one")
    backup.add_metric([], await _age_of_backup(request))
    waiting = GaugeMetricFamily("cahier_jobs_waiting", "Jobs that wait", labels=["kind"])
    failed = GaugeMetricFamily("cahier_jobs_failed", "Jobs that were given up", labels=["kind"])
    late = GaugeMetricFamily("cahier_jobs_late_seconds", "Longest wait of a job whose time has come", labels=["kind"])
    for kind, queue in (("mail", mails), ("other", jobs)):
        waiting.add_metric([kind], queue.waiting)
        failed.add_metric([kind], queue.failed)
        late.add_metric([kind], _late(queue, request))
    return [waiting, failed, late, asked, backup]


class _JustRead(Collector):
    """Figures read just now, in the form that the library writes."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _late(queue: Queue, request: Request) -> float:
    since = queue.late_since
    return 0.0 if since is None else float((request.state.now - since).total_seconds())


async def _age_of_backup(request: Request) -> float:
    saved = await last_saved()
    return inf if saved is None else float((request.state.now - saved.made_at).total_seconds())


def _may_read(request: Request, known: Metrics) -> bool:
    if known.loopback and _is_loopback(place_of(request)):
        return True
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return bool(known.token) and hmac.compare_digest(given.encode(), known.token.encode())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
