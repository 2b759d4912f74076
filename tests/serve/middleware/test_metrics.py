from __future__ import annotations

import asyncio
import json
from typing import Any

from panodent.serve.middleware.metrics import Metrics, MetricsMiddleware
from panodent.serve.workers.pool import WorkerPool
from panodent.serve.workers.task_runner import WorkerSettings


def call(middleware: MetricsMiddleware, method: str = "GET", path: str = "/v1/x") -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": []}
    asyncio.run(middleware(scope, None, send))
    return sent


async def fails(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError("Waltraud Schmidt")


async def answers(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})


def text(metrics: Metrics) -> str:
    return bytes(metrics.response().body).decode()


def test_requests_are_counted_by_method_route_and_status():
    metrics = Metrics()
    call(MetricsMiddleware(answers, metrics))
    assert 'requests_total{method="GET",route="other",status="204"} 1.0' in text(metrics)


def test_what_clients_invent_makes_no_label():
    metrics = Metrics()
    for number in range(50):
        call(MetricsMiddleware(answers, metrics), f"M{number}", f"/v1/{number}")
    assert 'requests_total{method="other",route="other",status="204"} 50.0' in text(metrics)
    assert text(metrics).count("panodent_requests_total{") == 1


def test_a_failure_is_told_by_its_place_and_not_by_its_message(caplog):
    metrics = Metrics()
    sent = call(MetricsMiddleware(fails, metrics))
    assert sent[0]["status"] == 500
    assert json.loads(sent[1]["body"])["status"] == 500
    assert "ValueError at fails (test_metrics.py:" in caplog.text
    assert "Waltraud" not in caplog.text + str(sent)
    assert 'status="500"} 1.0' in text(metrics)


def test_process_workers_and_database_have_gauges():
    metrics = Metrics()
    metrics.set_workers(WorkerPool(WorkerSettings("default", 1), 2))
    metrics.set_store((3, 4))
    shown = text(metrics)
    assert "process_resident_memory_bytes" in shown
    assert 'panodent_workers{state="down"} 0.0' in shown
    assert "panodent_database_up 1.0" in shown
    assert "panodent_studies 3.0" in shown
    metrics.set_store(None)
    assert "panodent_database_up 0.0" in text(metrics)
    assert "panodent_studies NaN" in text(metrics)
