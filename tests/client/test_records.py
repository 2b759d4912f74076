"""The keys of the client's dictionaries are those of the service's models."""

from __future__ import annotations

import pytest

from panodent.client import records
from panodent.serve.routes import numbering, schema


@pytest.mark.parametrize(
    ("record", "model"),
    [
        ("RemoteTooth", "StudyTooth"),
        ("RemoteFinding", "StudyFinding"),
        ("RemoteSummary", "StudySummary"),
        ("RemoteStudy", "StudyDetail"),
        ("RemoteStudies", "StudyList"),
        ("RemoteNeighbours", "StudiesBeside"),
        ("RemoteAcceptance", "Accepted"),
        ("RemoteImpaction", "ToothImpaction"),
        ("RemoteNumberingProblem", "StudyNumberingProblem"),
        ("RemoteMisplacedNumbers", "MisplacedNumbers"),
        ("RemoteJobSummary", "JobSummary"),
        ("RemoteJobItem", "JobItem"),
        ("RemoteJob", "Job"),
        ("RemoteJobs", "JobList"),
    ],
)
def test_the_keys_are_those_of_the_service(record: str, model: str) -> None:
    keys = set(getattr(records, record).__annotations__)
    fields = getattr(schema, model, None) or getattr(numbering, model)
    assert keys == set(fields.model_fields)
