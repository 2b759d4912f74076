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
    from panodent.serve.app import ServiceSettings

Store = Annotated[
    Path, typer.Option(help="Folder for studies, corrections and results; created if missing.")
]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: a free port.")]
Database = Annotated[
    str,
    typer.Option(
        help="URL of a database, such as postgresql://..., instead of a file in the store.",
        envvar="PANODENT_DATABASE",
        show_envvar=True,
    ),
]
Workers = Annotated[
    int, typer.Option(min=0, help="Radiographs processed at the same time; 0: one per core.")
]
Retain = Annotated[
    float, typer.Option(min=0, help="Days after which unchanged studies are deleted; 0: never.")
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        help="File with the token that clients must send; the variable PANODENT_TOKEN may hold "
        "it instead."
    ),
]
NoToken = Annotated[
    bool, typer.Option("--no-token", help="Allow other computers to connect without a token.")
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(help="Host name that requests may use, besides localhost; may be repeated."),
]
MaxMib = Annotated[int, typer.Option(min=1, help="Largest file accepted, in MiB.")]
MaxPixels = Annotated[int, typer.Option(min=1, help="Largest radiograph accepted, in pixels.")]
ReserveMib = Annotated[
    int,
    typer.Option(
        min=0,
        help="Space of the store's disk that uploads leave free for saves and deletions, in MiB.",
    ),
]
Seconds = Annotated[
    float, typer.Option(min=0.1, help="Longest time for one radiograph, in seconds; then it fails.")
]
Waiting = Annotated[
    int,
    typer.Option(
        min=1, help="Radiographs that may wait for a worker; further requests get status 503."
    ),
]
LabelStudio = Annotated[
    str,
    typer.Option(
        help="URL of the Label Studio whose radiographs may be fetched; the variable "
        "LABEL_STUDIO_API_KEY holds its key."
    ),
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
    reserve_mib: ReserveMib = 256,
    seconds: Seconds = 60,
    waiting: Waiting = 32,
    label_studio: LabelStudio = "",
    verbose: Verbose = False,
) -> None:
    """Start the web page and HTTP API to view and correct teeth.

    Runs until it is stopped (Ctrl-C or SIGTERM).
    """
    _require_service()
    from panodent.serve.app import ServiceSettings
    from panodent.serve.middleware.limits import RequestLimits
    from panodent.serve.routes.label_studio_images import LabelStudioAccess
    from panodent.utils.parallel import available_cores

    token = _token(token_file)
    settings = ServiceSettings(
        store=store,
        database=database,
        bundle=bundle,
        workers=workers or available_cores(),
        max_pixels=max_pixels,
        task_seconds=seconds,
        max_waiting=waiting,
        retain_days=retain,
        token=token,
        hosts=_hosts(host, allow_host or [], token is not None or no_token),
        limits=RequestLimits(upload=max_mib << 20),
        reserve=reserve_mib << 20,
        label_studio=LabelStudioAccess(label_studio, os.environ.get("LABEL_STUDIO_API_KEY", "")),
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
        raise ConfigError(f"{file}: cannot read the token ({error})") from None
    if not token:
        raise ConfigError(f"{file}: is empty; expected a token")
    return token


def _hosts(host: str, allowed: list[str], access_controlled: bool) -> frozenset[str] | None:
    """The host names that requests may name, lower case; None for any.

    Raises `ConfigError` when other computers could connect without access control.
    """
    from panodent.utils.network import is_loopback

    if not is_loopback(host):
        if not access_controlled:
            raise ConfigError(
                f"serving on {host} would let other computers connect without a token; set "
                "PANODENT_TOKEN or --token-file, or --no-token if access is restricted elsewhere"
            )
        if not allowed:
            return None
    names = {"localhost", "127.0.0.1", "::1", host, *allowed}
    return frozenset(name.lower() for name in names)


def _run(settings: ServiceSettings, host: str, port: int, verbose: bool) -> None:
    """Runs the service until the process is told to stop (Ctrl-C, SIGTERM)."""
    from panodent.serve.server import listen, run

    listener = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    print_line(f"panodent is at http://{shown}:{listener.getsockname()[1]}/ (stop it with Ctrl-C)")
    print_line(f"studies are stored in {settings.store}; research use only, not a medical device")
    run(settings, listener, verbose)
