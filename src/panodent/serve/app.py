"""The ASGI application: routes, static page, error responses, start and stop."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from panodent.dentition import Numbering
from panodent.errors import DiskFullError, PanodentError
from panodent.serve.middleware.compression import CompressionMiddleware
from panodent.serve.middleware.limits import LimitsMiddleware, RequestLimits
from panodent.serve.middleware.metrics import Metrics, MetricsMiddleware
from panodent.serve.middleware.root_path import RootPathMiddleware
from panodent.serve.page_files import PageFiles
from panodent.serve.problems import problem, problem_from_error
from panodent.serve.redaction import redacted
from panodent.serve.routes import (
    api_docs,
    info,
    jobs,
    label_studio,
    numbering,
    schema,
    studies,
    tooth_at,
    training_data,
    worklist,
)
from panodent.serve.routes.label_studio_images import LabelStudioAccess
from panodent.serve.routes.label_studio_prompts import RecentRecords
from panodent.serve.routes.openapi_examples import add_examples
from panodent.serve.routes.openapi_names import TAGS, operation_id, tag_of
from panodent.serve.service import Service
from panodent.serve.store.disk import is_disk_full
from panodent.serve.store.store import Store
from panodent.serve.thumbnails import Thumbnails
from panodent.serve.workers.pool import WorkerPool
from panodent.serve.workers.task_runner import WorkerSettings
from panodent.version import DISCLAIMER, __version__

log = logging.getLogger("panodent.serve")

READY_SECONDS = 5.0


@dataclass(frozen=True)
class ServiceSettings:
    """How a service runs.

    store : the folder for radiographs, results and, by default, the database.
    database : URL of a database elsewhere; '' for an SQLite file in `store`.
    bundle : name or folder of the model bundle.
    workers : worker processes, one radiograph at a time each.
    max_waiting : radiographs that may wait for a worker; more get status 503.
    task_seconds : longest time for one radiograph.
    max_pixels : largest height x width, checked before decoding.
    retain_days : days after which an unchanged study is deleted; 0 keeps it forever.
    token : required of API requests; None for no token.
    hosts : accepted host names in lower case; None for any.
    limits : limits on requests.
    reserve : bytes of the store's disk that uploads leave free.
    label_studio : the Label Studio whose images may be fetched.
    numbering : of exports that do not name one.
    root_path : path below which a proxy offers the service, such as '/teeth'; '' for none.
    """

    store: Path
    database: str = ""
    bundle: str = "default"
    workers: int = 2
    max_waiting: int = 32
    task_seconds: float = 60.0
    max_pixels: int = 64_000_000
    retain_days: float = 0.0
    token: str | None = None
    hosts: frozenset[str] | None = None
    limits: RequestLimits = field(default_factory=RequestLimits)
    reserve: int = 0
    label_studio: LabelStudioAccess = field(default_factory=LabelStudioAccess)
    numbering: Numbering = "fdi"
    root_path: str = ""


class App:
    """The service as an ASGI application; it opens the store and the workers when it starts.

    service : the operations behind the routes, None before the start.
    failure : the error that prevented the start, if any.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings, self.metrics = settings, Metrics()
        self.failure: PanodentError | None = None
        self.service: Service | None = None
        app = FastAPI(
            title="panodent",
            version=__version__,
            description="Segments and numbers (FDI) every tooth in panoramic dental radiographs. "
            f"{DISCLAIMER}.",
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            docs_url=None,
            redoc_url=None,
            openapi_tags=[{"name": tag, "description": TAGS[tag][0]} for tag in TAGS],
            servers=[{"url": settings.root_path}] if settings.root_path else None,
            generate_unique_id_function=operation_id,
            lifespan=self._lifespan,
        )
        app.state.settings, app.state.metrics = settings, self.metrics
        app.state.thumbnails, app.state.recent_records = Thumbnails(), RecentRecords()
        app.include_router(info.router)
        app.include_router(studies.router)
        app.include_router(worklist.router)
        app.include_router(tooth_at.router)
        app.include_router(numbering.router)
        app.include_router(jobs.router)
        app.include_router(training_data.router)
        app.include_router(label_studio.router)
        _add_operations(app)
        app.include_router(api_docs.router)
        _add_page(app)
        _add_error_handlers(app)
        self._openapi, app.openapi = app.openapi, self._described  # type: ignore[method-assign]
        packed = CompressionMiddleware(app)
        limited = LimitsMiddleware(packed, settings.limits, settings.token, settings.hosts)
        measured = MetricsMiddleware(limited, self.metrics)
        self._app = RootPathMiddleware(measured, settings.root_path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, or the start and stop of the application."""

        async def without_message(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self.failure is not None:
                message = {"type": message["type"]}  # `server.run` reports the failure
            await send(message)

        await self._app(scope, receive, without_message if scope["type"] == "lifespan" else send)

    def _described(self) -> dict[str, Any]:
        document = self._openapi()  # FastAPI builds it once and keeps it
        components = document["components"]
        components["schemas"]["Problem"] = schema.Problem.model_json_schema()
        for path, operations in document["paths"].items():
            for operation in operations.values():
                operation["tags"] = [tag_of(path)]
        if self.settings.token is not None:
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}]
        return add_examples(document)

    def begin_stop(self) -> None:
        """Starts no further work, and ends event streams."""
        if self.service is not None:
            self.service.begin_stop()

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        settings = self.settings
        try:
            pool = WorkerPool(
                WorkerSettings(settings.bundle, settings.max_pixels),
                settings.workers,
                settings.max_waiting,
                settings.task_seconds,
                lambda reason: _count_restart(self.metrics, reason),
            )
            store = await asyncio.to_thread(
                Store, settings.store, settings.database, settings.reserve
            )
            self.service = app.state.service = Service(store, pool, settings.retain_days)
            await self.service.start()
        except PanodentError as error:
            self.failure = error
            raise
        try:
            yield
        finally:
            await self.service.stop()


def _count_restart(metrics: Metrics, reason: str) -> None:
    metrics.replaced.inc()
    log.warning("a worker was replaced: a file %s", reason)


def _add_operations(app: FastAPI) -> None:
    @app.get(
        "/healthz",
        response_model=schema.Message,
        summary="Check that the process runs",
        responses=schema.problems(),
    )
    async def healthz() -> Response:
        return JSONResponse({"status": "ok", "detail": ""})

    @app.get(
        "/readyz",
        response_model=schema.Message,
        summary="Check that radiographs can be sent",
        responses=schema.problems(),
    )
    async def readyz(request: Request) -> Response:
        service = studies.service_of(request)
        if service.stopping or not service.pool.ready:
            return problem(
                503, "the service is stopping" if service.stopping else "no worker process runs"
            )
        try:
            await asyncio.wait_for(service.call_store(service.store.check), READY_SECONDS)
        except Exception as error:  # whatever the database's driver raises
            log.error("the database does not answer: %s", redacted(error))
            return problem(503, "the database does not answer")
        if service.trouble:
            return problem(503, service.trouble)
        try:
            service.store.disk.check()
        except DiskFullError as error:
            return problem(503, str(error))
        return JSONResponse({"status": "ready", "detail": ""})

    @app.get(
        "/metrics",
        response_class=Response,
        summary="Metrics for Prometheus",
        responses={200: {"content": {"text/plain": {}}}, **schema.problems()},
    )
    async def metrics(request: Request) -> Response:
        service, found = studies.service_of(request), request.app.state.metrics
        found.set_workers(service.pool)
        found.free.set(service.store.disk.free)
        try:
            counts = service.call_store(service.store.counts)
            found.set_store(await asyncio.wait_for(counts, READY_SECONDS))
        except Exception as error:  # whatever the database's driver raises
            log.error("the database does not answer: %s", redacted(error))
            found.set_store(None)
        response: Response = found.response()
        return response


def _add_page(app: FastAPI) -> None:
    files = PageFiles()

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return files.index()

    app.mount("/static", files, name="static")


def _methods(app: FastAPI, path: str) -> set[str]:
    """All methods of a path; Starlette's own Allow header names those of one route only."""
    known = {"GET"} if path == "/" else set()
    for template, operations in app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            known |= {method.upper() for method in operations}
    return known


_FULL = "the disk of the store is full; delete studies or free some space, then send it again"


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(PanodentError)
    async def panodent_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, PanodentError)  # noqa: S101 - registered for these
        return problem_from_error(error)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
        response = problem(error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            response.headers["Allow"] = ", ".join(sorted(_methods(app, request.scope["path"])))
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid_request(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for these
        errors = [
            {"where": "/".join(str(step) for step in entry["loc"]), "what": str(entry["msg"])}
            for entry in error.errors()[:10]
        ]
        detail = "; ".join(f"{entry['where']}: {entry['what']}" for entry in errors)
        return problem(422, detail[:1000], errors=errors)

    @app.exception_handler(ClientDisconnect)
    async def client_disconnected(request: Request, error: Exception) -> Response:
        return problem(400, "the client disconnected before it had sent the whole request")

    @app.exception_handler(SQLAlchemyError)
    async def database_error(request: Request, error: Exception) -> Response:
        if is_disk_full(error):
            return problem(507, _FULL)
        log.error("the database failed: %s", redacted(error))
        return problem(503, "the database does not answer; try again in a moment")

    @app.exception_handler(OSError)
    async def disk_error(request: Request, error: Exception) -> Response:
        if not is_disk_full(error):
            raise error
        return problem(507, _FULL)

    @app.exception_handler(Exception)
    async def unexpected_error(request: Request, error: Exception) -> Response:
        log.error("a request failed: %s", redacted(error))
        return problem(500, "the service failed; see its log")
