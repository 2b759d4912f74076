"""How processes that do not write get a run, with a first process that is played."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from panodent import phantom
from panodent.errors import ConfigError, TrainingError
from panodent.training.device_group import ALONE, DeviceGroup
from panodent.training.group_run import broadcast_run, received_run, reporting_failure
from panodent.training.run import Run, prepare
from panodent.training.run_data import DataSource
from panodent.training.train_config import TrainConfig


@dataclass
class Played(DeviceGroup):
    """A group whose first process writes `messages`, which the second reads."""

    processes: int = 2
    messages: list[bytes] = field(default_factory=list)

    def broadcast(self, message: bytes = b"") -> bytes:
        if self.writes:
            self.messages.append(message)
            return message
        return self.messages.pop(0)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("group-run")
    phantom.write(folder / "data", 2, size=(64, 128))
    source = DataSource(folder / "data")
    return prepare(folder / "run", [source], TrainConfig(validation=0.5), lambda *_: None)


@pytest.mark.parametrize("resume", [False, True])
def test_the_others_get_what_training_reads(run: Run, resume: bool) -> None:
    run.last.write_bytes(b"state")
    first = Played()
    broadcast_run(run, first, resume)
    with received_run(Played(process=1, messages=first.messages)) as copy:
        assert copy.folder != run.folder
        assert copy.last.exists() == resume
        assert copy.config == run.config
        for cases, given in ((copy.training, run.training), (copy.validation, run.validation)):
            assert [case.image for case in cases] == [case.image for case in given]
        folder = copy.folder
    assert not folder.exists()


def test_a_start_that_fails_ends_the_others_too() -> None:
    first = Played()
    with pytest.raises(ConfigError), reporting_failure(first):
        raise ConfigError("batch size is odd")
    waiting = Played(process=1, messages=first.messages)
    with pytest.raises(TrainingError, match="process 0 stopped: batch size is odd"):
        received_run(waiting).__enter__()


def test_errors_after_the_start_are_not_broadcast_nor_those_of_one_process(run: Run) -> None:
    first = Played()
    broadcast_run(run, first, resume=False)
    with pytest.raises(TrainingError), reporting_failure(first):
        raise TrainingError("loss became nan")  # in all processes
    assert len(first.messages) == 2
    broadcast_run(run, ALONE, resume=True)
    assert not ALONE.begun
