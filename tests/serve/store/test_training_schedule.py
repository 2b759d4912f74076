"""Training data are written at once, or later if the last write is recent; failures are retried."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from panodent.serve.store import training_schedule
from panodent.serve.store.training_schedule import TrainingDataSchedule


class Recorder:
    """Counts the calls of a schedule; `error` is raised by writes."""

    def __init__(self) -> None:
        self.writes, self.wakes, self.pauses = 0, 0, list[float]()
        self.error: Exception | None = None
        self.schedule = TrainingDataSchedule(self.write, self.wake, self.pause)

    def write(self) -> None:
        self.writes += 1
        time.sleep(0.01)
        if self.error is not None:
            raise self.error

    def wake(self) -> None:
        self.wakes += 1

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def run(*calls: Any) -> None:
    async def main() -> None:
        for call in calls:
            await call()

    asyncio.run(main())


def test_a_write_soon_after_another_waits(recorder: Recorder) -> None:
    schedule = recorder.schedule
    run(schedule.write_when_due, schedule.write_when_due)
    assert recorder.writes == 1
    assert 0.05 < recorder.pauses[0] <= 1
    assert not schedule.due


def test_a_deletion_does_not_wait(recorder: Recorder) -> None:
    run(recorder.schedule.write_now, recorder.schedule.write_now)
    assert (recorder.writes, recorder.pauses) == (2, [])


def test_a_failed_write_stays_due(
    recorder: Recorder, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_schedule, "RETRY_SECONDS", 0.0)
    recorder.error = OSError(28, "Waltraud")
    run(recorder.schedule.write_when_due)
    assert recorder.schedule.due
    assert recorder.wakes == 1
    assert "OSError at write" in caplog.text
    assert "Waltraud" not in caplog.text
    with pytest.raises(OSError, match="Waltraud"):
        run(recorder.schedule.write_now)
    recorder.error = None
    run(recorder.schedule.write_when_due)
    assert not recorder.schedule.due
