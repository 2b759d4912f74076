"""`panodent serve`: runs the page and the HTTP API."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_line
from panodent.cli.options import BundleName
from panodent.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from panodent.serve.app import Settings

Store = Annotated[
    Path, typer.Option(help="Folder for studies, corrections and results; made if missing.")
]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: a free one.")]
Database = Annotated[
    str,
    typer.Option(
        help="URL of a database instead of a file in the store, as postgresql://...",
        envvar="PANODENT_DATABASE",
        show_envvar=True,
    ),
]
Workers = Annotated[int, typer.Option(min=0, help="Radiographs at a time; 0: cores.")]
Retain = Annotated[
    float, typer.Option(min=0, help="Days after which untouched studies are deleted; 0: never.")
]
TokenFile = Annotated[
    Path | None,
    typer.Option(help="File with the token to demand (or the variable PANODENT_TOKEN)."),
]
NoToken = Annotated[bool, typer.Option("--no-token", help="Serve beyond loopback without a token.")]
AllowHost = Annotated[
    list[str] | None, typer.Option(help="Host name to answer to besides localhost (repeat).")
]
MaxMib = Annotated[int, typer.Option(min=1, help="Largest file, in MiB.")]
MaxPixels = Annotated[int, typer.Option(min=1, help="Most pixels of a file.")]
Seconds = Annotated[
    float, typer.Option(min=0.1, help="Time that a radiograph may take; then it is stopped.")
]
Waiting = Annotated[
    int, typer.Option(min=1, help="Radiographs that may wait for a worker; more get 503.")
]
LabelStudio = Annotated[
    str, typer.Option(help="URL of the Label Studio to fetch from (key: LABEL_STUDIO_API_KEY).")
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log every request.")]


def serve(
    store: Store = Path("panodent-store"),
    host: Host = "127.0.0.1",
    port: Port = 8080,
    database: Database = "",
    bundle: BundleName = "default",
    workers: Workers = 0,
    retain: Retain = 0,
    token_file: TokenFile = None,
    no_token: NoToken = False,
    allow_host: AllowHost = None,
    max_mib: MaxMib = 64,
    max_pixels: MaxPixels = 64_000_000,
    seconds: Seconds = 60,
    waiting: Waiting = 32,
    label_studio: LabelStudio = "",
    verbose: Verbose = False,
) -> None:
    """Open a page to look at teeth, correct and export them; and the same as an HTTP API."""
    _require_service()
    from panodent.serve.app import Settings
    from panodent.serve.middleware.limits import Bounds
    from panodent.serve.routes.label_studio import Origin
    from panodent.utils.parallel import available_cores

    token = _token(token_file)
    settings = Settings(
        store=store,
        database=database,
        bundle=bundle,
        workers=workers or available_cores(),
        max_pixels=max_pixels,
        seconds=seconds,
        waiting=waiting,
        retain=retain,
        token=token,
        hosts=_hosts(host, allow_host or [], token is not None or no_token),
        bounds=Bounds(upload=max_mib << 20),
        label_studio=Origin(label_studio, os.environ.get("LABEL_STUDIO_API_KEY", "")),
    )
    _run(settings, host, port, verbose)


def _require_service() -> None:
    """Raises `MissingExtraError` when the extra 'serve' is not installed."""
    try:
        import panodent.serve.server  # noqa: F401
    except ModuleNotFoundError as error:
        if str(error.name).startswith("panodent"):
            raise
        raise MissingExtraError("serve", "serving", str(error.name)) from None


def _token(file: Path | None) -> str | None:
    """The token in the file, or else in PANODENT_TOKEN; None without either."""
    if file is None:
        return os.environ.get("PANODENT_TOKEN", "").strip() or None
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot be read as a token ({error})") from None
    if not token:
        raise ConfigError(f"{file}: holds no token")
    return token


def _hosts(host: str, allowed: list[str], access_controlled: bool) -> frozenset[str] | None:
    """The host names that requests may name, lower case; None for any.

    Raises `ConfigError` when other computers could connect without access control.
    """
    from panodent.serve.middleware.limits import is_loopback

    if not is_loopback(host):
        if not access_controlled:
            raise ConfigError(
                f"serving on {host} would let anybody there in; set PANODENT_TOKEN or "
                "--token-file, or say --no-token where something else keeps strangers out"
            )
        if not allowed:
            return None
    names = {"localhost", "127.0.0.1", "::1", host, *allowed}
    return frozenset(name.lower() for name in names)


def _run(settings: Settings, host: str, port: int, verbose: bool) -> None:
    """Runs the service until the process is told to stop (Ctrl-C, SIGTERM)."""
    from panodent.serve.server import listen, run

    listener = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    print_line(f"panodent is at http://{shown}:{listener.getsockname()[1]}/ (Ctrl-C ends it)")
    print_line(f"it keeps studies in {settings.store}; research use only, not a medical device")
    run(settings, listener, verbose)
