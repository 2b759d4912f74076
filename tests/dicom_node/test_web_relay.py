"""Radiographs are fetched by DICOMweb and answered once, whoever is restarted in between."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pydicom", reason="needs the dicom extra")
pytest.importorskip("dicomweb_client", reason="needs the dicom extra")

from panodent.bundle.bundle import Bundle, load
from panodent.dicom_node import web_relay
from panodent.dicom_node.spool import Spool
from panodent.dicom_node.web_archive import WebArchive
from panodent.dicom_node.web_relay import TRIES, WebRelay
from panodent.errors import ConfigError, RefusedError, UnreachableError

Relays = Callable[..., WebRelay]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, phantoms: list[Any]) -> None:
    """Replaces prediction: each kind of result is a copy of a phantom under another UID."""

    def segment(predictor: object, spool: Spool, file: Path, kinds: Any, report: Any) -> bool:
        made = {}
        for kind in kinds:
            dataset = copy.deepcopy(phantoms[0])
            dataset.Modality = kind.upper()
            dataset.SOPInstanceUID = f"2.25.{int(file.stem[:20], 16)}{kinds.index(kind)}"
            stream = io.BytesIO()
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.save_as(stream, enforce_file_format=True)
            made[f"teeth.{kind}.dcm"] = stream.getvalue()
        spool.add_results(file, made)
        report(f"{len(made)} to send")
        return True

    monkeypatch.setattr(web_relay, "segment", segment)


@pytest.fixture(scope="module")
def model(teeth_bundle: Path) -> Bundle:
    return load(teeth_bundle, threads=1)


@pytest.fixture
def relay(tmp_path: Path, model: Bundle) -> Relays:
    def make(source: Any, target: Any, **settings: Any) -> WebRelay:
        return WebRelay(
            tmp_path / "spool",
            lambda: WebArchive(source.url),
            lambda: WebArchive(target.url),
            model,
            first_pause=0.01,
            **settings,
        )

    return make


def test_each_radiograph_is_answered_once(
    web_archive: Callable[..., Any], phantoms: list[Any], relay: Relays
) -> None:
    pacs, said = web_archive(), []
    pacs.add(phantoms[0])
    counts = relay(pacs, pacs, report=said.append).run()
    assert (counts.fetched, counts.stored, counts.failed) == (1, 3, 0)
    kinds = sorted(str(item.Modality) for item in pacs.objects.values())
    assert kinds == ["PR", "PX", "SEG", "SR"]
    studies = {str(pacs.objects[uid].StudyInstanceUID) for uid in pacs.stored}
    assert studies == {str(phantoms[0].StudyInstanceUID)}
    again = relay(pacs, pacs).run()
    assert (again.fetched, again.stored) == (0, 0)
    assert (len(pacs.stored), len(pacs.fetched)) == (3, 1)
    assert not any("PHANTOM" in text or "2.25" in text for text in said)


def test_a_radiograph_without_a_study_is_counted_and_not_fetched_again(
    web_archive: Callable[..., Any], phantoms: list[Any], relay: Relays, tmp_path: Path
) -> None:
    pacs, odd = web_archive(), copy.deepcopy(phantoms[0])
    odd.StudyInstanceUID = "STUDY 7/8"
    pacs.add(odd)
    counts = relay(pacs, pacs).run()
    assert (counts.fetched, counts.stored, counts.failed, counts.kept) == (1, 0, 0, 1)
    (place,) = (tmp_path / "spool" / "kept").iterdir()
    assert "StudyInstanceUID is no UID" in (place / "not-sent.txt").read_text()
    again = relay(pacs, pacs).run()
    assert (again.fetched, again.kept) == (0, 0)


@pytest.mark.usefixtures("quick")
def test_a_target_that_fails_gets_the_results_later(
    web_archive: Callable[..., Any], phantoms: list[Any], relay: Relays
) -> None:
    source, target = web_archive(), web_archive()
    for dataset in phantoms:
        source.add(dataset)
    target.answers["POST"] = [0, *[503] * (TRIES + 1)]
    with pytest.raises(UnreachableError, match="HTTP 503"):
        relay(source, target).run()
    # Nothing more is fetched meanwhile, which could fill the disk.
    assert (len(target.stored), len(source.fetched)) == (1, 1)
    counts = relay(source, target).run()  # another process
    assert (counts.fetched, counts.stored) == (1, 5)
    assert len(set(target.stored)) == len(target.stored) == 6


@pytest.mark.usefixtures("quick")
def test_a_source_that_fails_is_asked_again(
    web_archive: Callable[..., Any], phantoms: list[Any], relay: Relays
) -> None:
    pacs, said = web_archive(), []
    pacs.add(phantoms[0])
    pacs.answers["GET"] = [503, 0, 502]  # the query, then the object
    counts = relay(pacs, pacs, kinds=("sr",), report=said.append).run()
    assert (counts.fetched, counts.stored) == (1, 1)
    assert sum("next try" in text for text in said) == 2


@pytest.mark.usefixtures("quick")
def test_a_login_that_is_being_renewed_is_read_again(
    web_archive: Callable[..., Any], phantoms: list[Any], relay: Relays
) -> None:
    pacs, said = web_archive(), []
    pacs.add(phantoms[0])
    found = relay(pacs, pacs, kinds=("sr",), report=said.append)
    answers = iter([ConfigError("token: expected one line"), None])

    def connect() -> WebArchive:
        if error := next(answers, None):
            raise error
        return WebArchive(pacs.url)

    found.source = connect
    assert found.run().stored == 1
    assert said[0].startswith("token: expected one line; next try in")


@pytest.mark.usefixtures("quick")
def test_what_is_refused_is_left_out_and_told(
    web_archive: Callable[..., Any], phantoms: list[Any], relay: Relays, tmp_path: Path
) -> None:
    pacs = web_archive()
    for dataset in phantoms:
        pacs.add(dataset)
    pacs.answers["GET"] = [0, 403]
    pacs.answers["POST"] = [415]
    counts = relay(pacs, pacs, kinds=("sr",)).run()
    assert (counts.fetched, counts.stored, counts.failed) == (1, 0, 2)
    (reason,) = (tmp_path / "spool" / "failed").glob("*.txt")
    assert "refused a result (HTTP 415)" in reason.read_text()
    pacs.answers["GET"] = [400]
    with pytest.raises(RefusedError, match="refused the query"):
        relay(pacs, pacs).run()


@pytest.mark.usefixtures("quick")
def test_polling_finds_what_is_new_until_it_is_stopped(
    web_archive: Callable[..., Any], phantoms: list[Any], relay: Relays
) -> None:
    pacs = web_archive()
    pacs.add(phantoms[0])

    def report(text: str) -> None:
        if "to send" in text and len(pacs.objects) < 3:
            pacs.add(phantoms[1])
        elif "to send" in text:
            running.stop()

    running = relay(pacs, pacs, kinds=("sr",), report=report)
    counts = running.run(every=0.01)
    assert counts.fetched == 2
    assert relay(pacs, pacs, kinds=("sr",)).run().stored == 2 - counts.stored
