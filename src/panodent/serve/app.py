"""The application: routes, page, errors, and what happens around each request."""

from __future__ import annotations

import asyncio
import errno
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from panodent.errors import PanodentError
from panodent.serve.middleware.limits import Bounds, Guard
from panodent.serve.middleware.metrics import Counted, Metrics
from panodent.serve.problems import of_error, problem
from panodent.serve.redaction import place
from panodent.serve.routes import jobs, label_studio, schema, studies, training_data
from panodent.serve.routes.openapi_examples import add_examples
from panodent.serve.service import Work
from panodent.serve.store.store import Store
from panodent.serve.workers.pool import Crew
from panodent.serve.workers.process import Settings as WorkerSettings
from panodent.version import DISCLAIMER, __version__

log = logging.getLogger("panodent.serve")

READY_SECONDS = 5.0


@dataclass(frozen=True)
class Settings:
    """How a service runs; see `panodent serve --help`."""

    store: Path
    database: str = ""
    bundle: str = "default"
    workers: int = 2
    waiting: int = 32
    seconds: float = 60.0
    max_pixels: int = 64_000_000
    retain: float = 0.0
    token: str | None = None
    hosts: frozenset[str] | None = None
    bounds: Bounds = field(default_factory=Bounds)
    label_studio: label_studio.Origin = field(default_factory=label_studio.Origin)


class Service:
    """The service as an ASGI application; it opens store and workers when it starts.

    failure : why it could not start, when it could not.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.metrics = settings, Metrics()
        self.failure: PanodentError | None = None
        self.work: Work | None = None
        app = FastAPI(
            title="panodent",
            version=__version__,
            description=f"Every tooth of a panoramic radiograph as a mask, numbered. {DISCLAIMER}.",
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            docs_url=None,
            redoc_url=None,
            lifespan=self._life,
        )
        app.state.settings, app.state.metrics = settings, self.metrics
        app.include_router(studies.router)
        app.include_router(jobs.router)
        app.include_router(training_data.router)
        app.include_router(label_studio.router)
        _add_operations(app)
        _add_page(app)
        _add_errors(app)
        self._document, app.openapi = app.openapi, self._described  # type: ignore[method-assign]
        guard = Guard(app, settings.bounds, settings.token, settings.hosts)
        self._app = Counted(guard, self.metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the service."""

        async def quiet(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self.failure is not None:
                message = {"type": message["type"]}  # it is told by who runs the service
            await send(message)

        await self._app(scope, receive, quiet if scope["type"] == "lifespan" else send)

    def _described(self) -> dict[str, Any]:
        document = self._document()  # made once, and then kept by the application
        components = document["components"]
        components["schemas"]["Problem"] = schema.Problem.model_json_schema()
        if self.settings.token is not None:
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}]
        return add_examples(document)

    def begin_stop(self) -> None:
        """Nothing new is begun, and who follows a job is let go."""
        if self.work is not None:
            self.work.begin_stop()

    @asynccontextmanager
    async def _life(self, app: FastAPI) -> AsyncIterator[None]:
        settings = self.settings
        try:
            crew = Crew(
                WorkerSettings(settings.bundle, settings.max_pixels),
                settings.workers,
                settings.waiting,
                settings.seconds,
                lambda reason: _replaced(self.metrics, reason),
            )
            store = await asyncio.to_thread(Store, settings.store, settings.database)
            self.work = app.state.work = Work(store, crew, settings.retain)
            await self.work.start()
        except PanodentError as error:
            self.failure = error
            raise
        try:
            yield
        finally:
            await self.work.stop()


def _replaced(metrics: Metrics, reason: str) -> None:
    metrics.replaced.inc()
    log.warning("a worker was replaced: a file %s", reason)


def _add_operations(app: FastAPI) -> None:
    @app.get(
        "/healthz",
        response_model=schema.Message,
        summary="Whether the process lives",
        responses=schema.problems(),
    )
    async def healthz() -> Response:
        return JSONResponse({"status": "ok", "detail": ""})

    @app.get(
        "/readyz",
        response_model=schema.Message,
        summary="Whether radiographs can be sent",
        responses=schema.problems(),
    )
    async def readyz(request: Request) -> Response:
        work = studies.work_of(request)
        if work.stopping or not work.crew.ready:
            return problem(503, "the service is stopping" if work.stopping else "a worker is down")
        try:
            await asyncio.wait_for(work.keep(work.store.check), READY_SECONDS)
        except Exception as error:  # whatever the database's driver raises
            log.error("the database does not answer: %s", place(error))
            return problem(503, "the database does not answer")
        return JSONResponse({"status": "ready", "detail": ""})

    @app.get(
        "/metrics",
        response_class=Response,
        summary="Counters for Prometheus",
        responses={200: {"content": {"text/plain": {}}}, **schema.problems()},
    )
    async def metrics(request: Request) -> Response:
        work, found = studies.work_of(request), request.app.state.metrics
        found.studies.set(await work.keep(work.store.count))
        found.queued.set(await work.keep(work.store.jobs.count_queued))
        found.in_line.set(work.crew.in_line)
        answer: Response = found.response()
        return answer


def _add_page(app: FastAPI) -> None:
    folder = Path(str(resources.files("panodent.serve") / "static"))

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(folder / "index.html", media_type="text/html")

    app.mount("/static", StaticFiles(directory=folder), name="static")


def _methods(app: FastAPI, path: str) -> set[str]:
    """All that a path knows; the routes know each their own alone."""
    known = {"GET"} if path == "/" else set()
    for template, operations in app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            known |= {method.upper() for method in operations}
    return known


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(PanodentError)
    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, PanodentError)  # noqa: S101 - registered for these
        return of_error(error)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
        response = problem(error.status_code, str(error.detail))
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            response.headers["Allow"] = ", ".join(sorted(_methods(app, request.scope["path"])))
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for these
        faults = [
            {"where": "/".join(str(step) for step in fault["loc"]), "what": str(fault["msg"])}
            for fault in error.errors()[:10]
        ]
        detail = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
        return problem(422, detail[:1000], errors=faults)

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: Exception) -> Response:
        return problem(400, "the client went away before its request was whole")

    @app.exception_handler(SQLAlchemyError)
    async def database(request: Request, error: Exception) -> Response:
        log.error("the database failed: %s", place(error))
        return problem(503, "the database does not answer; try again in a moment")

    @app.exception_handler(OSError)
    async def disk(request: Request, error: Exception) -> Response:
        assert isinstance(error, OSError)  # noqa: S101 - registered for these
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise error
        return problem(507, "the store's disk is full; make room, then send it again")
