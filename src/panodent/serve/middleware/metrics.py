"""What the service counts of itself, for Prometheus; nothing of a patient, a file or a client."""

from __future__ import annotations

import logging
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panodent.serve.problems import problem
from panodent.serve.redaction import place

log = logging.getLogger("panodent.serve")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_BUCKETS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The counters of one service."""

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
        self.in_line = Gauge(
            "panodent_waiting_requests", "Requests waiting for a worker", registry=self._registry
        )
        self.queued = Gauge(
            "panodent_queued_radiographs", "Radiographs queued in jobs", registry=self._registry
        )
        self.studies = Gauge("panodent_studies", "Studies kept", registry=self._registry)
        self.replaced = Counter(
            "panodent_workers_replaced_total",
            "Workers ended because a file took too long or too much",
            registry=self._registry,
        )

    def response(self) -> Response:
        """All of them as text."""
        return Response(
            generate_latest(self._registry), media_type="text/plain; version=0.0.4; charset=utf-8"
        )


class Counted:
    """Counts and logs each request by its route's pattern: ids and names stay out of both.

    What goes wrong inside ends here, told by place and not by message.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            if not status:
                log.error("a request failed: %s", place(error))
                await problem(500, "the service failed; its log says where")(scope, receive, noted)
        finally:
            # Of what clients can invent, nothing becomes a label: each would be kept for ever.
            method = scope["method"] if scope["method"] in _METHODS else "other"
            name = getattr(scope.get("route"), "path", "other")
            took = time.perf_counter() - start
            self._metrics.requests.labels(method, name, status).inc()
            self._metrics.seconds.labels(name).observe(took)
            log.info("%s %s %s %.0f ms", method, name, status, took * 1000)
