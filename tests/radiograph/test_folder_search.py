"""What a search finds, what it names as unread, and what it knows as results."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from panodent.dicom.files import KINDS, name_of
from panodent.outputs.case import CHART_PNG, LABELS, OVERLAY
from panodent.outputs.record import RECORD
from panodent.outputs.summary_files import FINDINGS, FINDINGS_TABLE, PREDICTIONS, TABLE
from panodent.radiograph.folder_search import _SUMMARIES, is_result, search
from panodent.utils.output_folder import LOCK

PREAMBLE = bytes(128) + b"DICM"


def made(folder: Path, *names: str, content: bytes = b"x") -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def reasons(folder: Path, output: Path | None = None) -> dict[str, tuple[str, bool]]:
    found = search(folder, output)
    return {str(i.path.relative_to(folder)): (i.reason, i.lost) for i in found.unread}


def files(folder: Path, output: Path | None = None) -> list[str]:
    return [str(file.relative_to(folder)) for file in search(folder, output).files]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.gif", b"x", "GIF is not read; save it as PNG or TIFF"),
        ("a.JP2", b"x", "JPEG 2000 is not read; save it as PNG or TIFF"),
        ("a.pgm", b"P5", "PGM is not read; save it as PNG or TIFF"),
        ("a.nii.gz", b"x", "NIfTI may be a label map; name the file itself if it is one plane"),
        ("scan", b"\x89PNG\r\n\x1a\n", "a PNG picture without its suffix; rename it to .png"),
        ("scan", b"BM\x36\1\0\0" + bytes(9), "a BMP picture without its suffix; rename it to .bmp"),
        ("scan", b"RIFF\1\2\3\4WEBP", "a WebP picture without its suffix; rename it to .webp"),
        ("a.jfif", b"\xff\xd8\xff\xe0", "a JPEG picture without its suffix; rename it to .jpg"),
    ],
)
def test_pictures_that_are_not_read_are_named(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    assert reasons(made(tmp_path, name, content=content)) == {name: (reason, True)}


def test_other_files_get_no_word(tmp_path: Path) -> None:
    made(tmp_path, "notes.txt", "truth.json", "README", ".hidden.gif", "sub/model.onnx")
    assert (reasons(tmp_path), files(tmp_path)) == ({}, [])


def test_an_archive_is_named(tmp_path: Path) -> None:
    ((reason, lost),) = reasons(made(tmp_path, "scans.zip")).values()
    assert (reason, lost) == (
        "an archive is not searched; unpack it if it holds radiographs",
        False,
    )


@pytest.mark.parametrize("name", ["IM0001", "1.2.840.17", "scan.x-ray"])
@pytest.mark.parametrize(
    "content", [PREAMBLE, b"\x08\0\x05\0CS\n\0", b"\x08\0\0\0\x04\0\0\0", b"\x08\0\0\0UL\x04\0"]
)
def test_dicom_is_known_by_its_first_bytes(tmp_path: Path, name: str, content: bytes) -> None:
    assert files(made(tmp_path, name, content=content)) == [name]


def test_links(tmp_path: Path) -> None:
    folder, elsewhere = made(tmp_path / "in", "sub/a.png"), made(tmp_path / "other", "b.png")
    (folder / "b.png").symlink_to(elsewhere / "b.png")
    (folder / "gone.png").symlink_to("nothing.png")
    (folder / "gone").symlink_to("nothing")
    (folder / "gone.txt").symlink_to("nothing.txt")
    (folder / "circle").symlink_to(folder)
    (folder / "more").symlink_to(elsewhere)
    (folder / "self.png").symlink_to("self.png")
    assert files(folder) == ["b.png", "sub/a.png"]
    assert reasons(folder) == {
        "circle": ("a link to a folder of the same search; not followed", False),
        "gone": ("a link to nothing, which does not exist; remove or restore it", True),
        "gone.png": ("a link to nothing.png, which does not exist; remove or restore it", True),
        "more": (f"a link to the folder {elsewhere}, which is not followed; name it too", True),
        "self.png": (
            "a link to self.png, which cannot be opened (Too many levels of symbolic links); "
            "remove or restore it",
            True,
        ),
    }


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.png")
    (tmp_path / "link").symlink_to("in")
    assert files(tmp_path / "link") == ["a.png"]


def test_what_is_no_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("a.png")
        ((reason, lost),) = reasons(tmp_path).values()
    assert (reason, lost) == ("is not a file but a pipe, a socket or a device", True)


@pytest.fixture
def bound_place(tmp_path: Path) -> Iterator[Path]:
    """A folder in which permissions bind this process: they do not bind root."""
    reasons(tmp_path)  # what it imports may be closed to others
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        yield place
        os.seteuid(os.getuid())
        (place / "closed").chmod(0o700)


def test_permissions(bound_place: Path) -> None:
    made(bound_place, "closed/a.png", "scan")
    (bound_place / "closed").chmod(0)
    (bound_place / "scan").chmod(0)
    if os.geteuid() == 0:
        os.seteuid(65534)  # nobody
    found = reasons(bound_place)
    assert {name: lost for name, (_, lost) in found.items()} == {"closed": True, "scan": True}
    assert "cannot be read (Permission denied)" in found["closed"][0]


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "closed/a.png", "b.png")
    scan = os.scandir

    def refused(place: Path) -> object:
        if Path(place).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scan(place)

    monkeypatch.setattr(os, "scandir", refused)
    assert files(tmp_path) == ["b.png"]
    assert reasons(tmp_path) == {
        "closed": (
            "the folder cannot be read (Permission denied); change its permissions",
            True,
        )
    }


# --- what panodent wrote -------------------------------------------------------------------------


def test_results_are_no_radiographs(tmp_path: Path) -> None:
    names = [LABELS, OVERLAY, CHART_PNG, *map(name_of, KINDS)]
    made(tmp_path, "a.png", *(f"a/{name}" for name in (*names, RECORD, "mine.png")))
    assert files(tmp_path) == ["a/mine.png", "a.png"]
    assert search(tmp_path).results == len(names)
    assert all(is_result(tmp_path / "a" / name) for name in names)
    assert not is_result(tmp_path / "a.png")


@pytest.mark.parametrize("mark", [LOCK, "run.json"])
def test_results_of_an_interrupted_call_are_no_radiographs(tmp_path: Path, mark: str) -> None:
    made(tmp_path, "out/a/overlay.png", "overlay.png", f"out/{mark}")
    assert files(tmp_path) == ["overlay.png"]


def test_the_results_folder_of_this_call_needs_no_mark(tmp_path: Path) -> None:
    made(tmp_path, "a.png", "a/overlay.png", "b/c.png")
    assert files(tmp_path) == ["a/overlay.png", "a.png", "b/c.png"]
    assert files(tmp_path, tmp_path) == ["a.png", "b/c.png"]


def test_summaries_are_results(tmp_path: Path) -> None:
    summaries = ("run.json", PREDICTIONS, TABLE, FINDINGS, FINDINGS_TABLE)
    assert summaries == _SUMMARIES
    made(tmp_path, TABLE)
    assert not is_result(tmp_path / TABLE)
    made(tmp_path, *summaries)
    assert all(is_result(tmp_path / name) for name in summaries)


def test_runs_and_reports_are_left_out(tmp_path: Path) -> None:
    made(tmp_path, "run/config.json", "run/history.csv", "run/panels/1-d/a.png", "run/curves.png")
    made(tmp_path, "page/index.html", "page/inspection.json", "page/pictures/a.jpg")
    made(tmp_path, "site/index.html", "site/pictures/b.jpg")
    assert files(tmp_path) == ["site/pictures/b.jpg"]


def test_a_compressed_radiograph_is_a_loss_and_an_archive_need_not_be(tmp_path: Path) -> None:
    for name in ("a.dcm.gz", "b.PNG.zip", "c.zip"):
        (tmp_path / name).write_bytes(b"x")
    assert [(item.path.name, item.lost) for item in search(tmp_path).unread] == [
        ("a.dcm.gz", True),
        ("b.PNG.zip", True),
        ("c.zip", False),
    ]


def test_hidden_folders_and_copies_of_file_servers_are_passed_over(tmp_path: Path) -> None:
    made(tmp_path, "a.png", ".ipynb_checkpoints/a-checkpoint.png", "@eaDir/a.png/small.jpg")
    made(tmp_path, "__MACOSX/sub/a.png")
    found = search(tmp_path)
    assert ([file.name for file in found.files], found.unread) == (["a.png"], [])
