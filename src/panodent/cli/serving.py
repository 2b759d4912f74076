"""Programs that run until they are told to stop."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def dicom_node(
    forward: Annotated[
        str, typer.Option(help="Where results go: AETITLE@HOST:PORT.", metavar="PEER")
    ],
    spool: Annotated[Path, typer.Option(help="Folder for what is on its way.")],
    aet: Annotated[str, typer.Option(help="Our own AE title.")] = "PANODENT",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 11112,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Calling AE title to accept (repeat); demanded beyond loopback."),
    ] = None,
    results: Annotated[str, typer.Option(help="What to send: seg,pr,sr or some.")] = "seg,pr,sr",
    bundle: Annotated[str, typer.Option(help="Bundle folder or training run.")] = "default",
    threads: Annotated[int, typer.Option(min=0, help="Threads of the network; 0: all.")] = 0,
) -> None:
    """Receive radiographs by DICOM, segment them, send the results on."""
    from panodent.commands import serving

    raise typer.Exit(
        serving.dicom_node(
            forward, spool, aet, host, port, allow or [], results.split(","), bundle, threads
        )
    )


def serve(
    store: Annotated[
        Path, typer.Option(help="Folder for studies, corrections and results; made if missing.")
    ] = Path("panodent-store"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: a free one.")] = 8080,
    database: Annotated[
        str,
        typer.Option(
            help="URL of a database instead of a file in the store, as postgresql://...",
            envvar="PANODENT_DATABASE",
            show_envvar=True,
        ),
    ] = "",
    bundle: Annotated[str, typer.Option(help="Bundle folder or training run.")] = "default",
    workers: Annotated[int, typer.Option(min=0, help="Radiographs at a time; 0: cores.")] = 0,
    retain: Annotated[
        float, typer.Option(min=0, help="Days after which untouched studies are deleted; 0: never.")
    ] = 0,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the token to demand (or the variable PANODENT_TOKEN)."),
    ] = None,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Serve beyond loopback without a token.")
    ] = False,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Host name to answer to besides localhost (repeat).")
    ] = None,
    max_mib: Annotated[int, typer.Option(min=1, help="Largest file, in MiB.")] = 64,
    max_pixels: Annotated[int, typer.Option(min=1, help="Most pixels of a file.")] = 64_000_000,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="Time that a radiograph may take; then it is stopped.")
    ] = 60,
    waiting: Annotated[
        int, typer.Option(min=1, help="Radiographs that may wait for a worker; more get 503.")
    ] = 32,
    label_studio: Annotated[
        str,
        typer.Option(help="URL of the Label Studio to fetch from (key: LABEL_STUDIO_API_KEY)."),
    ] = "",
    verbose: Annotated[bool, typer.Option("--verbose", help="Log every request.")] = False,
) -> None:
    """Open a page to look at teeth, correct and export them; and the same as an HTTP API."""
    from panodent.commands import serving

    raise typer.Exit(
        serving.serve(
            store,
            host,
            port,
            database=database,
            bundle=bundle,
            workers=workers,
            retain=retain,
            token_file=token_file,
            no_token=no_token,
            names=allow_host or [],
            max_bytes=max_mib << 20,
            max_pixels=max_pixels,
            seconds=seconds,
            waiting=waiting,
            label_studio=label_studio,
            verbose=verbose,
        )
    )
