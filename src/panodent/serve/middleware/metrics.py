"""Metrics for Prometheus and the request log, without patients, file names or client addresses."""

from __future__ import annotations

import logging
import math
import time

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panodent.serve.problems import problem
from panodent.serve.redaction import redacted
from panodent.serve.workers.pool import WorkerPool

log = logging.getLogger("panodent.serve")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_BUCKETS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The metrics of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "panodent_requests_total",
            "Requests answered",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self.seconds = Histogram(
            "panodent_request_seconds",
            "Time to answer, by route",
            ["route"],
            registry=self._registry,
            buckets=_BUCKETS,
        )
        self.waiting = Gauge(
            "panodent_waiting_requests", "Requests waiting for a worker", registry=self._registry
        )
        self.queued = Gauge(
            "panodent_queued_radiographs", "Radiographs queued in jobs", registry=self._registry
        )
        self.studies = Gauge("panodent_studies", "Studies kept", registry=self._registry)
        self.database = Gauge(
            "panodent_database_up", "1 if the database answers, else 0", registry=self._registry
        )
        self.free = Gauge(
            "panodent_store_free_bytes", "Free space on the store's disk", registry=self._registry
        )
        self.workers = Gauge(
            "panodent_workers", "Worker processes by state", ["state"], registry=self._registry
        )
        self.worker_bytes = Gauge(
            "panodent_workers_resident_memory_bytes",
            "Memory of all worker processes together",
            registry=self._registry,
        )
        ProcessCollector(registry=self._registry)  # process_*: memory, CPU time, open files
        self.replaced = Counter(
            "panodent_workers_replaced_total",
            "Workers replaced because a file took too long or ended the process",
            registry=self._registry,
        )

    def set_workers(self, pool: WorkerPool) -> None:
        """Sets the gauges of the workers."""
        states = pool.states()
        for state, count in states.items():
            self.workers.labels(state).set(count)
        self.worker_bytes.set(pool.resident_bytes())
        self.waiting.set(pool.waiting)

    def set_store(self, counts: tuple[int, int] | None) -> None:
        """Sets (studies, queued radiographs); None if the database does not answer."""
        self.database.set(counts is not None)
        # Not a number: the last counts could be wrong by now.
        studies, queued = (math.nan, math.nan) if counts is None else counts
        self.studies.set(studies)
        self.queued.set(queued)

    def response(self) -> Response:
        """All metrics in Prometheus' text format."""
        return Response(
            generate_latest(self._registry), media_type="text/plain; version=0.0.4; charset=utf-8"
        )


class MetricsMiddleware:
    """Counts and logs each request by the pattern of its route, so without ids and names.

    Errors that no handler has caught are logged without their message and become status 500.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0

        async def record_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, record_status)
        except Exception as error:
            if not status:
                log.error("a request failed: %s", redacted(error))
                await problem(500, "the service failed; see its log")(scope, receive, record_status)
        finally:
            # Labels take a fixed set of values: each value that a client invents would be kept.
            method = scope["method"] if scope["method"] in _METHODS else "other"
            name = getattr(scope.get("route"), "path", "other")
            took = time.perf_counter() - start
            self._metrics.requests.labels(method, name, status).inc()
            self._metrics.seconds.labels(name).observe(took)
            log.info("%s %s %s %.0f ms", method, name, status, took * 1000)
