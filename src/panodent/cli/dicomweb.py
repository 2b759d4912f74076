"""`panodent dicomweb`: fetches radiographs by DICOMweb and stores their results."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from difflib import get_close_matches
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
    from panodent.dicom_node.web_relay import WebRelay

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
    start the command again with the same --spool. Ctrl-C ends it after the radiograph in
    progress, a second one at once. Results are segmentations (seg), presentation
    states (pr) and structured reports (sr). The exit code is 1 if an object failed.
    """
    from panodent.bundle.bundle import load
    from panodent.dicom_node.web_relay import WebRelay

    kinds = checked_results(results)
    connect_source = partial(_archive, source, source_token, source_login, ca_file)
    connect_target = partial(_archive, target, target_token, target_login, ca_file)
    connect_source(), connect_target()  # a wrong address or login fails before the work begins
    relay = WebRelay(
        spool,
        connect_source,
        connect_target,
        load(bundle, threads),
        query_of(query or ()),
        kinds,
        print_line,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, partial(_stop, relay))
    counts = relay.run(every)
    kept = f", {counts.kept} not stored (see kept/ in the spool)" if counts.kept else ""
    print_line(
        f"{counted(counts.fetched, 'radiograph', 'radiographs')} fetched, "
        f"{counted(counts.stored, 'result', 'results')} stored, {counts.failed} failed{kept}"
        + ("; interrupted, the same command goes on" if counts.stopped else "")
    )
    stopped = counts.stopped and every is None  # a call with --every ends in no other way
    raise typer.Exit(130 if stopped else 1 if counts.failed else 0)


def _stop(relay: WebRelay, *_: object) -> None:
    """Ends the relay after the radiograph in progress; the second time at once."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    relay.stop()


def query_of(texts: Sequence[str]) -> list[tuple[str, str]]:
    """(keyword of an attribute, value) of each NAME=VALUE, and that of panoramic radiographs.

    NAME is a keyword of DICOM or a tag such as 00080060. Archives ignore names that they do not
    know, and would give all their radiographs, so `ConfigError` is raised for those.
    """
    from pydicom.datadict import keyword_dict, keyword_for_tag

    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not (name and value.strip()):
            raise ConfigError(
                f"--query is {text!r}; expected NAME=VALUE such as StudyDate=20260101-"
            )
        is_tag = re.fullmatch("[0-9A-Fa-f]{8}", name)
        keyword = keyword_for_tag(int(name, 16)) if is_tag else name
        if keyword not in keyword_dict:
            near = get_close_matches(name, keyword_dict, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(
                f"--query is {text!r}; {name} is no attribute of DICOM; expected its keyword, such "
                f"as StudyDate, or its tag, such as 00080020{meant}"
            )
        if keyword in found:
            raise ConfigError(
                f"--query has {keyword} twice; a search has one value for each attribute, so start "
                "one command for each, with a spool of its own"
            )
        found[keyword] = value
    return list({"Modality": "PX", **found}.items())


def _archive(url: str, token: Path | None, login: Path | None, ca_file: Path | None) -> WebArchive:
    from panodent.dicom_node.web_archive import WebArchive
    from panodent.dicom_node.web_session import Credentials

    return WebArchive(url, Credentials.read(token, login), ca_file)
