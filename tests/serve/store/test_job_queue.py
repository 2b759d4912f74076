from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from panodent.errors import UnknownJobError
from panodent.serve.store.job_queue import MAX_ATTEMPTS
from panodent.serve.store.store import Store
from panodent.serve.store.upload import new_id, write_upload
from panodent.serve.study import Study


@pytest.fixture
def store(tmp_path: Path, database: str):
    made = Store(tmp_path / "store", database)
    yield made
    made.close()


def queued(store: Store, count: int = 2) -> tuple[str, list[str]]:
    uploads = [write_upload(store.files, f"{n}.png", b"x") for n in range(count)]
    return store.jobs.add(uploads), [upload.id for upload in uploads]


def study(name: str) -> Study:
    return Study(name, "x.png", "image", "2026-01-01", "2026-01-01", 3, 2, [], [])


def states(store: Store, job: str) -> list[str]:
    return [item["state"] for item in store.jobs.get(job)["items"]]


def test_items_are_taken_in_order_and_end_as_studies(store: Store):
    job, ids = queued(store)
    assert store.jobs.get(job)["state"] == "queued"
    assert [store.jobs.take()["id"], store.jobs.take()["id"]] == ids
    assert store.jobs.take() is None
    store.jobs.finish(study(ids[0]), ".png")
    found = store.jobs.get(job)
    assert (found["state"], found["done"], found["items"][0]["study"]) == ("running", 1, ids[0])
    store.jobs.fail(ids[1], "damaged \0 badly")
    found = store.jobs.get(job)
    assert (found["state"], found["failed"]) == ("done", 1)
    assert found["items"][1]["error"] == "damaged   badly"
    assert store.get(ids[0]).id == ids[0]
    assert not (store.files / ids[1]).exists()


def test_what_is_finished_twice_is_one_study(store: Store):
    _, ids = queued(store, 1)
    store.jobs.finish(study(ids[0]), ".png")
    store.jobs.finish(dataclasses.replace(study(ids[0]), name="again.png"), ".png")
    assert store.worklist.page(9, 0)[0] == 1
    assert store.get(ids[0]).name == "x.png"


def test_what_was_begun_is_taken_up_but_not_for_ever(store: Store):
    job, ids = queued(store, 1)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert store.jobs.take()["attempts"] == attempt
        store.jobs.recover()  # the service died and starts again
    found = store.jobs.get(job)
    assert (found["state"], found["failed"]) == ("done", 1)
    assert "3 times" in found["items"][0]["error"]
    assert found["items"][0]["kept"]
    assert (store.files / ids[0]).exists()


def test_a_stop_in_good_order_is_no_attempt(store: Store):
    job, _ = queued(store, 1)
    for _ in range(MAX_ATTEMPTS + 1):
        item = store.jobs.take()
        assert item["attempts"] == 1
        store.jobs.requeue(item, False)
    assert states(store, job) == ["queued"]
    store.jobs.requeue(store.jobs.take(), True)
    assert store.jobs.take()["attempts"] == 2


def test_cancelling_drops_what_waits_and_forgets_what_is_over(store: Store):
    job, ids = queued(store, 3)
    store.jobs.take()
    store.jobs.cancel(job)
    assert states(store, job) == ["running", "dropped", "dropped"]
    assert store.jobs.get(job)["state"] == "running"
    assert not (store.files / ids[1]).exists()
    store.jobs.finish(study(ids[0]), ".png")
    assert store.jobs.get(job)["state"] == "cancelled"
    store.jobs.cancel(job)
    for call in (store.jobs.get, store.jobs.cancel):
        with pytest.raises(UnknownJobError, match="no such job"):
            call(job)
    assert store.get(ids[0]).id == ids[0]


def test_jobs_are_listed_newest_first_and_in_pages(store: Store):
    assert store.jobs.page(10, 0) == (0, [])
    first, _ = queued(store, 1)
    second, ids = queued(store, 2)
    store.jobs.take()
    store.jobs.take()
    store.jobs.fail(ids[0], "bad")
    total, found = store.jobs.page(10, 0)
    assert (total, [job["id"] for job in found]) == (2, [second, first])
    for job in found:
        whole = store.jobs.get(job["id"])
        assert {**job, "items": whole["items"]} == whole
    assert [job["id"] for job in store.jobs.page(10, 1)[1]] == [first]


def test_a_deleted_study_leaves_its_job_and_an_empty_job_goes(store: Store):
    job, ids = queued(store, 2)
    for name in ids:
        store.jobs.take()
        store.jobs.finish(study(name), ".png")
    store.delete(ids[0])
    assert store.jobs.get(job)["total"] == 1
    store.delete(ids[1])
    with pytest.raises(UnknownJobError):
        store.jobs.get(job)


def test_old_jobs_are_forgotten_when_nothing_is_left_to_do(store: Store):
    busy, ids = queued(store, 1)
    store.jobs.delete_before("2999")
    assert store.jobs.get(busy)["total"] == 1
    store.jobs.take()
    store.jobs.fail(ids[0], "bad")
    store.jobs.delete_before("2020")
    assert store.jobs.get(busy)["failed"] == 1
    store.jobs.delete_before("2999")
    with pytest.raises(UnknownJobError):
        store.jobs.get(busy)


def test_what_was_kept_is_tried_again_and_goes_with_its_job(store: Store):
    job, ids = queued(store, 3)
    for keep, item in zip((True, False, True), ids, strict=True):
        store.jobs.take()
        store.jobs.fail(item, "no worker", keep)
    store.recover()
    assert [item["kept"] for item in store.jobs.get(job)["items"]] == [True, False, True]
    assert store.jobs.retry(job) == 2
    assert states(store, job) == ["queued", "failed", "queued"]
    assert store.jobs.get(job)["items"][0]["error"] is None
    assert store.jobs.take()["attempts"] == 1
    store.jobs.finish(study(ids[0]), ".png")
    store.jobs.fail(store.jobs.take()["id"], "no worker", True)
    store.jobs.cancel(job)
    assert [place.name for place in store.files.iterdir()] == [ids[0]]
    with pytest.raises(UnknownJobError):
        store.jobs.retry(job)
    old, _ = queued(store, 1)
    store.jobs.fail(store.jobs.take()["id"], "no worker", True)
    store.jobs.delete_before("2999")
    assert [place.name for place in store.files.iterdir()] == [ids[0]]
    with pytest.raises(UnknownJobError):
        store.jobs.get(old)


def test_items_that_nobody_works_on_are_queued_again(store: Store):
    job, ids = queued(store, 2)
    assert [store.jobs.take()["id"] for _ in ids] == ids
    store.jobs.requeue_lost({ids[0]})
    assert states(store, job) == ["running", "queued"]
    assert store.jobs.take()["attempts"] == 1  # nobody has tried


def test_an_item_deleted_in_the_meantime_stays_deleted(store: Store):
    _, ids = queued(store, 1)
    store.jobs.take()
    store.withdraw(ids[0])
    store.jobs.finish(study(ids[0]), ".png")
    assert store.counts() == (0, 0)
    assert not (store.files / ids[0]).exists()


def test_waiting_items_are_counted(store: Store):
    queued(store, 3)
    store.jobs.take()
    assert store.jobs.count_queued() == 2
    assert store.jobs.get(store.jobs.add([write_upload(store.files, "x", b"x")]))["total"] == 1
    with pytest.raises(UnknownJobError):
        store.jobs.get(new_id())
