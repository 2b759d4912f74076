"""`panodent serve`: runs the page and the HTTP API."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_line
from panodent.cli.options import BundleName, MaxPixels, RadiographWorkers, checked_numbering
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
Retain = Annotated[
    float, typer.Option(min=0, help="Days after which unchanged studies are deleted; 0: never.")
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        help="File with the token that clients must send; the variable PANODENT_TOKEN may hold "
        "it instead. On loopback, without both, the service makes one: STORE/token."
    ),
]
NoToken = Annotated[
    bool,
    typer.Option(
        "--no-token",
        help="Let everybody who can connect read, change and delete all studies: on loopback every "
        "user of this computer, with another --host also other computers.",
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(help="Host name that requests may use, besides localhost; may be repeated."),
]
MaxMib = Annotated[int, typer.Option(min=1, help="Largest file accepted, in MiB.")]
ReserveMib = Annotated[
    int,
    typer.Option(
        min=0,
        help="Disk space that uploads leave free for saves and deletions, in MiB.",
    ),
]
Seconds = Annotated[
    float, typer.Option(min=0.1, help="Longest time for one radiograph, in seconds.")
]
Waiting = Annotated[
    int,
    typer.Option(
        min=1,
        help="Radiographs that may wait for a worker; further requests are refused (status 503).",
    ),
]
PerAddress = Annotated[
    int,
    typer.Option(
        min=1, help="Connections allowed from one address; there is no limit for loopback."
    ),
]
LabelStudio = Annotated[
    str,
    typer.Option(
        help="URL of the Label Studio whose radiographs may be fetched; the variable "
        "LABEL_STUDIO_API_KEY holds its key."
    ),
]
Numbering = Annotated[
    str | None,
    typer.Option(
        help="Numbering of exports, unless a request names another, and of the labels in Label "
        "Studio: fdi, universal or palmer.",
        show_default="fdi for exports; recognised for labels",
    ),
]
RootPath = Annotated[
    str, typer.Option(help="URL path under which a proxy offers the service, such as /teeth.")
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Log every request.")]


def serve(
    store: Store = Path("panodent-store"),
    host: Host = "127.0.0.1",
    port: Port = 8080,
    database: Database = "",
    bundle: BundleName = "default",
    workers: RadiographWorkers = 0,
    retain: Retain = 0,
    token_file: TokenFile = None,
    no_token: NoToken = False,
    allow_host: AllowHost = None,
    max_mib: MaxMib = 64,
    max_pixels: MaxPixels = 64_000_000,
    reserve_mib: ReserveMib = 256,
    seconds: Seconds = 60,
    waiting: Waiting = 32,
    per_address: PerAddress = 64,
    label_studio: LabelStudio = "",
    numbering: Numbering = None,
    root_path: RootPath = "",
    verbose: Verbose = False,
) -> None:
    """Start the web page and HTTP API to view and correct teeth.

    Runs until it is stopped (Ctrl-C or SIGTERM).
    """
    _require_service()
    from panodent.serve.app import ServiceSettings
    from panodent.serve.middleware.limits import RequestLimits
    from panodent.serve.routes.label_studio_images import LabelStudioAccess
    from panodent.serve.tokens import own_token
    from panodent.utils.parallel import available_cores

    token, own = _token(token_file, no_token), False
    hosts = _hosts(host, allow_host or [], token is not None or no_token)
    if token is None and not no_token:
        token, own = own_token(store), True
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
        hosts=hosts,
        limits=RequestLimits(upload=max_mib << 20),
        reserve=reserve_mib << 20,
        root_path=_root_path(root_path),
        numbering="fdi" if numbering is None else checked_numbering(numbering),
        label_studio=LabelStudioAccess(
            label_studio, os.environ.get("LABEL_STUDIO_API_KEY", ""), numbering
        ),
    )
    _run(settings, host, port, own, verbose, per_address)


def _require_service() -> None:
    """Raises `MissingExtraError` when the extra 'serve' is not installed."""
    try:
        import panodent.serve.server  # noqa: F401
    except ModuleNotFoundError as error:
        if str(error.name).startswith("panodent"):
            raise
        raise MissingExtraError("serve", "serving", str(error.name)) from None


def _token(file: Path | None, no_token: bool = False) -> str | None:
    """The token in the file, or else in PANODENT_TOKEN; None without either."""
    from panodent.serve.tokens import checked, read_token

    given = os.environ.get("PANODENT_TOKEN", "").strip()
    if no_token and (file is not None or given):
        source = "PANODENT_TOKEN" if file is None else "--token-file"
        raise ConfigError(f"--no-token contradicts {source}; use one of them")
    if file is not None:
        return read_token(file)
    return checked(given) if given else None


def _root_path(given: str) -> str:
    """As '/teeth', '' for none; raises `ConfigError`."""
    if not re.fullmatch(r"(/[\w.~-]+)*/?", given, re.ASCII):
        raise ConfigError(f"--root-path {given!r}; expected a path such as /teeth")
    return given.rstrip("/")


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


def _run(
    settings: ServiceSettings, host: str, port: int, own: bool, verbose: bool, per_address: int
) -> None:
    """Runs the service until the process is told to stop (Ctrl-C, SIGTERM).

    own : whether the token is the store's own, which the printed address then has.
    """
    from panodent.serve.server import listen, run
    from panodent.utils.network import is_loopback

    listener = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    # The part after # stays in the browser: it is in no request, and so in no log of a proxy.
    ticket = f"#token={settings.token}" if own else ""
    address = f"http://{shown}:{listener.getsockname()[1]}/{ticket}"
    print_line(f"panodent is at {address} (stop it with Ctrl-C)")
    print_line(f"studies are stored in {settings.store}; research use only, not a medical device")
    if own:
        print_line(f"the address has the token in {settings.store / 'token'}: show it to nobody")
    elif settings.token is None:
        who = (
            "every user of this computer" if is_loopback(host) else f"everybody who reaches {host}"
        )
        print_line(f"no token: {who} can read, change and delete all studies")
    run(settings, listener, verbose, per_address)
