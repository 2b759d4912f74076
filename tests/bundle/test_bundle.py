"""A bundle says everything that predicting needs, and notices damage."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from panodent.bundle import bundle, files
from panodent.dentition import DECIDUOUS, PERMANENT
from panodent.errors import BundleError


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    source = Path(bundle.__file__).parent / "default"
    return Path(shutil.copytree(source, tmp_path / "copy"))


def test_the_default_bundle_is_small_and_complete() -> None:
    folder = Path(bundle.__file__).parent / "default"
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 16_000_000
    made = bundle.load()
    assert made.classes == (*PERMANENT, *DECIDUOUS)
    answer = made.predict_planes(np.random.default_rng(0).random((300, 500), dtype=np.float32))
    assert answer.shape[0] == 53 + 2 * bool(made.architecture.get("offsets"))
    assert answer.dtype == np.float32
    assert np.isfinite(answer).all()


def test_the_default_bundle_has_the_name_on_the_page_of_shipped_bundles() -> None:
    page = Path(__file__).parents[2] / "docs" / "experiments" / "shipped-bundles.md"
    (today,) = [line for line in page.read_text("utf-8").splitlines() if "| today |" in line]
    assert f"`{bundle.load().name.removeprefix('panodent-')}`" in today


def test_saved_and_loaded_again_it_is_the_same(tmp_path: Path) -> None:
    made = bundle.load()
    bundle.save(made, tmp_path / "b")
    again = bundle.load(tmp_path / "b")
    assert again.digest == made.digest
    assert (again.frame, again.classes, again.provenance) == (
        made.frame,
        made.classes,
        made.provenance,
    )
    assert replace(made, provenance={"name": "clinic"}).name == "clinic"
    assert replace(made, provenance={}).name == ""
    assert all(np.array_equal(again.norms[name], made.norms[name]) for name in made.norms)


def test_the_card_says_what_runs_the_network(tmp_path: Path) -> None:
    made = bundle.load()
    bundle.save(made, tmp_path / "float")
    assert _network(tmp_path / "float")["runtime"] == "onnxruntime"
    assert _network(tmp_path / "float")["precision"] == "float32"
    small = replace(made, architecture={**made.architecture, "precision": "int8"})
    bundle.save(small, tmp_path / "small")
    assert _network(tmp_path / "small")["precision"] == "int8"


def test_the_network_can_be_loaded_aside(copy: Path) -> None:
    made = bundle.load(copy)
    made.open_in_background()
    made.open()
    blank = np.zeros(made.frame.size, np.float32)
    assert np.array_equal(made.run(blank), bundle.load(copy).run(blank))
    broken = replace(made, network=b"no network")
    broken.open_in_background()
    with pytest.raises(BundleError, match="cannot be loaded"):
        broken.open()


def test_a_run_stands_for_the_bundle_inside_it(copy: Path, tmp_path: Path) -> None:
    shutil.move(copy, tmp_path / "run" / "bundle")
    assert bundle.load(tmp_path / "run").digest == bundle.load().digest


def _cut(folder: Path) -> None:
    file = folder / bundle.NETWORK_FILE
    file.write_bytes(file.read_bytes()[:-10])


def _edit(folder: Path, **changes: object) -> None:
    file = folder / bundle.CARD_FILE
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def _network(folder: Path, **changes: object) -> dict[str, object]:
    return {**json.loads((folder / bundle.CARD_FILE).read_text())["network"], **changes}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (shutil.rmtree, "no bundle there"),
        (_cut, "damaged or exchanged"),
        (lambda f: (f / bundle.CARD_FILE).write_text("{"), "not JSON"),
        (lambda f: (f / bundle.CARD_FILE).write_text("[]"), "where a bundle was expected"),
        (lambda f: _edit(f, format=99), "install a newer"),
        (lambda f: _edit(f, network=_network(f, runtime="other")), "made for the runtime 'other'"),
        (lambda f: _edit(f, frame={"height": 100, "width": 512}), "multiple of 32"),
        (lambda f: _edit(f, classes=[11, 11]), "each tooth once"),
        (lambda f: _edit(f, classes=[11, 99]), "not an FDI number"),
        (lambda f: (f / files.NORMS_FILE).write_bytes(b"PK"), "damaged"),
    ],
)
def test_a_spoilt_bundle_is_refused(copy: Path, spoil, message: str) -> None:
    spoil(copy)
    with pytest.raises(BundleError, match=message):
        bundle.load(copy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frame": {"height": 128, "width": 256}}, "the bundle's frame is"),
        ({"classes": [11, 12]}, "output planes"),
    ],
)
def test_a_card_that_does_not_fit_the_network_is_refused(
    copy: Path, changes: dict, message: str
) -> None:
    _edit(copy, **changes)
    with pytest.raises(BundleError, match=message):
        bundle.load(copy).predict_planes(np.zeros((64, 64), np.float32))


def test_a_refiner_is_saved_checked_and_counts_for_the_digest(tmp_path: Path) -> None:
    plain = bundle.load().without_refiner()
    made = replace(plain, refiner=plain.network)
    assert made.digest != plain.digest
    bundle.save(made, tmp_path / "b")
    assert bundle.load(tmp_path / "b").refiner == made.refiner
    assert bundle.load(tmp_path / "b").digest == made.digest
    (tmp_path / "b" / "refiner.onnx").write_bytes(b"other")
    with pytest.raises(BundleError, match="damaged or exchanged"):
        bundle.load(tmp_path / "b")
    (tmp_path / "b" / "refiner.onnx").unlink()
    with pytest.raises(BundleError, match="missing or unreadable"):
        bundle.load(tmp_path / "b")
    damaged = replace(plain, refiner=b"no network")
    with pytest.raises(BundleError, match="refiner cannot be loaded"):
        damaged.open()
