from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from panodent.datasets.dataset import find
from panodent.drawing.overlay import to_png_bytes
from panodent.formats.finding_annotations import read_findings
from panodent.outputs.record import to_record
from panodent.phantom import draw
from panodent.phantom.dicom import dicom_bytes
from panodent.serve.store.store import Store
from panodent.serve.store.training_data import FINDINGS
from panodent.serve.store.upload import write_upload
from panodent.serve.study import Study, with_ids
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth


@pytest.fixture
def store(tmp_path: Path):
    made = Store(tmp_path / "store")
    yield made
    made.close()


def keep(store: Store, seed: int, name: str, content: bytes, kind: str = "image") -> Study:
    _, teeth = draw(seed, (128, 256))
    upload = write_upload(store.files, name, content)
    record = with_ids(to_record(teeth)["teeth"])
    made = Study(upload.id, name, kind, "2026", "2026", 256, 128, record, record)
    store.add(made, upload.suffix)
    return made


def test_saved_studies_are_a_data_folder(store: Store):
    picture = to_png_bytes(np.zeros((128, 256), np.uint8))
    known = [
        keep(store, 1, "one.png", picture),
        keep(store, 2, "no suffix", picture),
        keep(store, 3, "no suffix either", dicom_bytes(draw(3, (128, 256))[0]), "dicom"),
    ]
    keep(store, 4, "not saved.png", picture)
    for made in known:
        store.save(made.id, 0, [*made.teeth[1:], {**made.teeth[0], "fdi": 0}])
    store.training.write()
    found = find(store.training.folder)
    assert found.format == "coco"
    assert {case.key for case in found.cases} == {made.id for made in known}
    for case in found.cases:
        assert sorted(case.teeth().fdi)[0] == 0
        assert len(case.teeth()) == len(store.get(case.key).teeth)


def test_deleted_studies_leave_the_data_folder(store: Store):
    picture = to_png_bytes(np.zeros((128, 256), np.uint8))
    made = [keep(store, seed, f"{seed}.png", picture) for seed in (1, 2)]
    for one in made:
        store.save(one.id, 0, one.teeth)
    store.training.write()
    store.delete(made[0].id)
    images = store.training.folder / "images"
    assert [file.stem for file in images.iterdir()] == [made[1].id]
    store.training.write()
    assert made[0].id not in (store.training.folder / "annotations.json").read_text()
    assert [case.key for case in find(store.training.folder).cases] == [made[1].id]


def test_findings_are_listed_where_a_user_has_saved_them(store: Store):
    picture = to_png_bytes(np.zeros((128, 256), np.uint8))
    made = [keep(store, seed, f"{seed}.png", picture) for seed in (1, 2, 3)]
    for one in made:
        store.save(one.id, 0, one.teeth)
    store.training.write()
    assert not (store.training.folder / FINDINGS).exists()

    mask = np.ones((3, 4), bool)
    items = [("crown", 36, mask, (5, 6)), ("appliance", 0, mask, (9, 9))]
    marked = Findings.from_masks((128, 256), items)
    record = to_record(Teeth.empty((128, 256)), findings=marked)["findings"]
    store.save(made[0].id, 1, made[0].teeth, with_ids(record, "f"))
    store.save(made[1].id, 1, made[1].teeth, [])
    store.training.write()
    # What `panodent findings` reads: the third study says nothing, the second that there is none.
    found = read_findings(store.training.folder / FINDINGS)
    assert set(found) == {made[0].id, made[1].id}
    assert found[made[0].id].findings == marked
    assert len(found[made[1].id].findings) == 0
    # What `panodent train` reads.
    assert {case.key for case in find(store.training.folder).cases} == {one.id for one in made}
