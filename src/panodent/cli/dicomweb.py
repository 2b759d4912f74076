"""`panodent dicomweb`: fetches radiographs by DICOMweb and stores their results."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_line
from panodent.cli.options import BundleName, NetworkThreads, checked_results
from panodent.errors import ConfigError
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.dicom_node.web_archive import WebArchive

_EXAMPLE = "such as https://pacs.example/dicom-web."

SourceUrl = Annotated[
    str, typer.Option("--from", metavar="URL", help=f"Archive with the radiographs, {_EXAMPLE}")
]
TargetUrl = Annotated[
    str, typer.Option("--to", metavar="URL", help="Archive in which the results are stored.")
]
SpoolFolder = Annotated[
    Path,
    typer.Option("--spool", help="Folder for radiographs and results until they are stored."),
]
Query = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        show_default="Modality=PX",
        help="Condition of the search, such as StudyDate=20260101-; may be repeated.",
    ),
]
Every = Annotated[
    float | None,
    typer.Option(
        min=1,
        show_default="once",
        metavar="SECONDS",
        help="Search again after this many seconds, until stopped.",
    ),
]
Results = Annotated[
    str, typer.Option(help="Results to store, separated by commas: seg, pr, sr, seg-ohif.")
]
SourceToken = Annotated[
    Path | None, typer.Option("--from-token", help="File with the bearer token of --from.")
]
SourceLogin = Annotated[
    Path | None, typer.Option("--from-login", help="File with USER:PASSWORD of --from.")
]
TargetToken = Annotated[
    Path | None, typer.Option("--to-token", help="File with the bearer token of --to.")
]
TargetLogin = Annotated[
    Path | None, typer.Option("--to-login", help="File with USER:PASSWORD of --to.")
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        show_default="those of the system",
        help="Certificates of the authority that signed those of the archives.",
    ),
]


def dicomweb(
    source: SourceUrl,
    target: TargetUrl,
    spool: SpoolFolder,
    query: Query = None,
    every: Every = None,
    results: Results = "seg,pr,sr",
    source_token: SourceToken = None,
    source_login: SourceLogin = None,
    target_token: TargetToken = None,
    target_login: TargetLogin = None,
    ca_file: CaFile = None,
    bundle: BundleName = "default",
    threads: NetworkThreads = 0,
) -> None:
    """Fetch radiographs by DICOMweb and store their results.

    Each radiograph is processed once, even if the command or an archive is stopped in between:
    start the command again with the same --spool. Results are segmentations (seg), presentation
    states (pr) and structured reports (sr). The exit code is 1 if an object failed.
    """
    from panodent.bundle.bundle import load
    from panodent.dicom_node.web_relay import WebRelay

    kinds = checked_results(results)
    matching = [_pair(text) for text in query or ()]
    if not any(name in ("Modality", "00080060") for name, _ in matching):
        matching.insert(0, ("Modality", "PX"))
    connect_source = partial(_archive, source, source_token, source_login, ca_file)
    connect_target = partial(_archive, target, target_token, target_login, ca_file)
    connect_source(), connect_target()  # a wrong address or login fails before the work begins
    relay = WebRelay(
        spool, connect_source, connect_target, load(bundle, threads), matching, kinds, print_line
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: relay.stop())
    counts = relay.run(every)
    kept = f", {counts.kept} not stored (see kept/ in the spool)" if counts.kept else ""
    print_line(
        f"{counted(counts.fetched, 'radiograph', 'radiographs')} fetched, "
        f"{counted(counts.stored, 'result', 'results')} stored, {counts.failed} failed{kept}"
    )
    raise typer.Exit(1 if counts.failed else 0)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name.isalnum() and equals and value):
        raise ConfigError(f"--query is {text!r}; expected NAME=VALUE such as StudyDate=20260101-")
    return name, value


def _archive(url: str, token: Path | None, login: Path | None, ca_file: Path | None) -> WebArchive:
    from panodent.dicom_node.web_archive import Credentials, WebArchive

    return WebArchive(url, Credentials.read(token, login), ca_file)
