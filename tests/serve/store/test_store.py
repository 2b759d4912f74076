from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import sqlalchemy as sql

from panodent.errors import ConfigError, PanodentError, StaleError, UnknownStudyError
from panodent.serve.store.store import Store
from panodent.serve.store.tables import about
from panodent.serve.store.upload import Upload, new_id, write_upload
from panodent.serve.study import Study

TOOTH = {
    "id": "t1", "fdi": 11, "name": "upper right central incisor", "score": 0.9,
    "box": [1, 0, 2, 2], "area": 2, "flags": [], "polygons": [], "rle": "222",
}  # fmt: skip


def study(name: str = "scan.png", **changes: object) -> Study:
    made = Study(
        new_id(),
        name,
        "image",
        "2026-01-01",
        "2026-01-01",
        3,
        2,
        [TOOTH],
        [TOOTH],
        {"quality": 1.0, "doubtful": 0},
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def kept(store: Store, **changes: object) -> Study:
    made = study(**changes)
    upload = Upload(made.id, made.name, ".png", store.files)
    upload.file.parent.mkdir()
    upload.file.write_bytes(b"pixels")
    store.picture(made.id).write_bytes(b"picture")
    store.add(made, ".png")
    return made


@pytest.fixture
def store(tmp_path: Path, database: str):
    made = Store(tmp_path / "store", database)
    yield made
    made.close()


def test_a_study_comes_back_as_it_went_in_and_others_are_unknown(store: Store):
    made = kept(store, name="Ünïcode 歯.png", about={"quality": 0.5, "notes": ["a\0b"]})
    assert store.get(made.id) == made
    assert store.original(made.id).read_bytes() == b"pixels"
    for call in (store.get, store.original, store.delete):
        with pytest.raises(UnknownStudyError, match="no study"):
            call(new_id())


def test_studies_are_listed_newest_first_and_in_pages(store: Store):
    ids = [kept(store, created=f"2026-01-0{day}").id for day in (1, 2, 3)]
    total, first = store.worklist.page(2, 0)
    assert total == 3
    assert [entry["id"] for entry in first] == ids[:0:-1]
    assert store.worklist.page(2, 2)[1][0]["id"] == ids[0]
    assert first[0]["count"] == 1


def test_a_save_must_build_on_the_present_revision(store: Store):
    made = kept(store)
    saved = store.save(made.id, 0, [{**TOOTH, "fdi": 12}])
    assert (saved.revision, saved.saved, saved.teeth[0]["fdi"]) == (1, True, 12)
    assert saved.predicted[0]["fdi"] == 11
    with pytest.raises(StaleError, match="revision 1, your edit is based on 0"):
        store.save(made.id, 0, [])
    assert store.get(made.id).teeth == saved.teeth
    with pytest.raises(UnknownStudyError):
        store.save(new_id(), 0, [])


def test_findings_are_saved_with_teeth_or_left_as_they_are(store: Store):
    finding = {"id": "f1", "kind": "crown", "fdi": 11}
    made = kept(store, predicted_findings=[finding], findings=[finding])
    assert store.get(made.id).findings == [finding]
    assert not store.save(made.id, 0, [TOOTH]).findings_saved
    saved = store.save(made.id, 1, [TOOTH], [{**finding, "kind": "post"}])
    assert (saved.findings_saved, saved.findings[0]["kind"]) == (True, "post")
    assert saved.predicted_findings == [finding]
    assert store.save(made.id, 2, []).findings == saved.findings
    assert store.save(made.id, 3, [], []).findings == []
    assert "findings" not in store.worklist.page(1, 0)[1][0]


def test_everything_is_there_after_a_restart(tmp_path: Path, database: str):
    first = Store(tmp_path / "store", database)
    made = kept(first)
    saved = first.save(made.id, 0, [])
    first.close()
    again = Store(tmp_path / "store", database)
    again.recover()
    assert again.get(made.id) == saved
    assert again.original(made.id).exists()
    again.close()


def test_results_of_a_deleted_study_are_not_put_in_place(store: Store):
    made = kept(store)
    saved = store.save(made.id, 0, [TOOTH])
    assert store.next_without_results() == saved
    folder = store.results(f"{made.id}.part")
    folder.mkdir()
    store.publish_results(saved, folder)
    assert store.results(made.id).is_dir()
    assert store.next_without_results() is None

    saved = store.save(made.id, 1, [TOOTH])
    folder.mkdir()
    assert store.delete(made.id) is True
    store.publish_results(saved, folder)
    assert not list((store.folder / "results").iterdir())


def test_delete_leaves_nothing_behind_not_even_in_free_pages(tmp_path: Path):
    store = Store(tmp_path / "store")
    others = [kept(store) for _ in range(3)]
    personal = "Schmidt_Waltraud_1952"
    teeth = [{**TOOTH, "name": f"{personal} {number}"} for number in range(400)]  # many pages
    made = kept(store, name=f"{personal}.png", predicted=teeth, teeth=teeth)
    store.save(made.id, 0, teeth)
    store.training.write()
    assert any(personal.encode() in f.read_bytes() for f in store.folder.glob("store.sqlite*"))
    store.delete(made.id)
    store.training.write()
    for file in store.folder.rglob("*"):
        assert made.id not in file.name
        if file.is_file():
            assert personal.encode() not in file.read_bytes(), file
            assert made.id.encode() not in file.read_bytes(), file
    assert store.worklist.page(9, 0)[0] == len(others)
    store.close()


def test_what_a_client_was_told_is_not_there_is_withdrawn(store: Store):
    made, other = kept(store), kept(store)
    upload = write_upload(store.files, "x.png", b"x")
    store.jobs.add([upload], "b" * 32)
    store.remove_orphans([made.id, upload.id])  # both have a row
    assert store.original(made.id).exists()
    for _ in range(2):
        store.withdraw(made.id)
        store.withdraw_job("b" * 32, [upload.id])
    assert store.counts() == (1, 0)
    assert [place.name for place in store.files.iterdir()] == [other.id]
    stray = write_upload(store.files, "x.png", b"x")
    store.remove_orphans([stray.id, other.id])
    assert [place.name for place in store.files.iterdir()] == [other.id]


def test_old_studies_expire_and_young_ones_stay(store: Store):
    young = kept(store, updated="2999-01-01")
    old = [kept(store, updated="2020-01-01").id for _ in range(3)]
    assert store.expire(30) == 3
    assert store.worklist.page(9, 0)[1][0]["id"] == young.id
    assert not any((store.files / name).exists() for name in old)


def test_more_studies_expire_than_a_statement_takes(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("panodent.serve.store.store.IDS_PER_STATEMENT", 2)
    store = Store(tmp_path / "store")
    for _ in range(5):
        kept(store, updated="2020-01-01")
    assert store.expire(1) == 5
    store.close()


def test_tidy_removes_what_no_row_speaks_of(store: Store):
    made = kept(store)
    stray = write_upload(store.files, "left.png", b"x")
    waiting = write_upload(store.files, "waiting.png", b"x")
    store.jobs.add([waiting])
    (store.folder / "results" / f"{made.id}.part").mkdir()
    (store.training.folder / ".annotations.json.1.part").write_text("{")
    store.recover()
    assert not stray.file.exists()
    assert waiting.file.exists()
    assert store.original(made.id).exists()
    assert not list((store.folder / "results").iterdir())
    assert not list(store.training.folder.glob(".*"))


def test_a_store_serves_one_service_at_a_time(tmp_path: Path):
    first = Store(tmp_path / "store")
    with pytest.raises(ConfigError, match="another `panodent serve`"):
        Store(tmp_path / "store")
    first.close()
    Store(tmp_path / "store").close()


def test_a_folder_is_not_opened_with_the_database_of_another(tmp_path: Path, postgres: str):
    one = Store(tmp_path / "one")
    made = kept(one)
    one.close()
    # With a database that knows none of its files, a start would remove them all.
    with pytest.raises(ConfigError, match="do not belong together"):
        Store(tmp_path / "one", postgres)
    two = Store(tmp_path / "two")
    kept(two)
    two.close()
    with pytest.raises(ConfigError, match="do not belong together"):
        Store(tmp_path / "two", f"sqlite:///{tmp_path / 'one' / 'store.sqlite'}")
    with pytest.raises(ConfigError, match="do not belong together"):
        Store(tmp_path / "three", f"sqlite:///{tmp_path / 'one' / 'store.sqlite'}")
    again = Store(tmp_path / "one")
    again.recover()
    assert again.original(made.id).exists()
    again.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no url, password s3cret", "not given as a URL"),
        ("mysql://root:s3cret@localhost/x", "expected sqlite or postgresql"),
        ("postgresql://u:s3cret@127.0.0.1:1/x", "cannot be opened"),
        ("sqlite:////nowhere/at/all.sqlite", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_said_without_its_password(tmp_path, url, said):
    with pytest.raises(PanodentError, match=said) as caught:
        Store(tmp_path / "store", url)
    assert "s3cret" not in str(caught.value)
    Store(tmp_path / "store").close()  # the folder's lock was let go


def test_another_version_is_refused(tmp_path: Path):
    store = Store(tmp_path / "store")
    with store._engine.begin() as line:
        line.execute(about.update().values(version=99))
    store.close()
    with pytest.raises(ConfigError, match="has version 99"):
        Store(tmp_path / "store")


def test_a_damaged_database_is_said(tmp_path: Path):
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "store.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(ConfigError, match="not a database"):
        Store(folder)


def test_messages_of_the_database_hold_no_values(store: Store):
    made = kept(store, name="Waltraud.png")
    with pytest.raises(sql.exc.IntegrityError) as caught:
        store.add(made, ".png")
    assert "Waltraud" not in str(caught.value).replace(json.dumps("x"), "")
