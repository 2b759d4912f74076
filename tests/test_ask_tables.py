"""The questions of docs/how-to/ask-tables.md have the right answers for tables of phantoms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

duckdb = pytest.importorskip("duckdb", reason="needs the dev extra")
pytest.importorskip("pyarrow", reason="needs the parquet extra")

from panodent import phantom  # noqa: E402
from panodent.outputs.parquet_tables import ParquetTables, table_files  # noqa: E402
from panodent.outputs.record import to_record  # noqa: E402

PAGE = (Path(__file__).parent.parent / "docs" / "how-to" / "ask-tables.md").read_text("utf-8")
QUESTIONS = dict(re.findall(r"^(\S[^\n]*\?)\n\n```sql\n(.*?)\n```", PAGE, re.S | re.M))
SEEDS = (1, 2, 5, 6, 7)
ERRORS = ["x.png: the file is empty", "y.png: the file is empty", "z.png: blank"]

Records = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def records() -> Records:
    """The content of teeth.json by radiograph, as if phantoms had been predicted perfectly."""
    found = {}
    for seed in SEEDS:
        radiograph, teeth, findings = phantom.draw_all(seed, (128, 256))
        extra = {"quality": seed / 8, "warning": "turned" if seed == 7 else ""}
        found[f"p{seed}"] = to_record(teeth, radiograph, extra, findings)
    found["p1"]["teeth"][3]["remnant"] = True
    found["p1"]["findings"].append({**found["p1"]["findings"][0], "kind": "implant", "fdi": 46})
    return found


@pytest.fixture(scope="module")
def folder(records: Records, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("results")
    done = {"status": "done", "error": "", "doubtful": 0}
    with ParquetTables(table_files(place)) as tables:
        for name, record in records.items():
            status = {**done, "file": f"{name}.png", "warning": record["warning"]}
            tables.add(name, f"{name}.png", status, record)
        for error in ERRORS:
            name = error.partition(":")[0]
            status = {"file": name, "status": "failed", "error": error, "warning": ""}
            tables.add("", name, status, None)
        tables.finish()
    return place


def teeth(records: Records) -> list[tuple[str, dict[str, Any]]]:
    return [(name, tooth) for name, record in records.items() for tooth in record["teeth"]]


def impacted(records: Records, *numbers: int) -> list[tuple[str, dict[str, Any]]]:
    return [(n, t) for n, t in teeth(records) if t["impaction"] and t["fdi"] in numbers]


def without_crowns(records: Records) -> int:
    count = 0
    for record in records.values():
        kinds = {(item["kind"], item["fdi"]) for item in record["findings"]}
        count += sum(kind == "root_filling" and ("crown", fdi) not in kinds for kind, fdi in kinds)
    return count


ANSWERS: dict[str, Callable[[Records], list[tuple[Any, ...]]]] = {
    "How many radiographs have an impacted 38?": lambda r: [(len(impacted(r, 38)),)],
    "Which ones, the most certain first?": lambda r: [
        (n, t["score"], t["impaction"]["angulation"], t["impaction"]["depth"])
        for n, t in impacted(r, 38)
    ],
    "How do impacted third molars lie?": lambda r: sorted(
        (*key, count)
        for key, count in Counter(
            (t["fdi"], t["impaction"]["angulation"]) for _, t in impacted(r, 18, 28, 38, 48)
        ).items()
    ),
    "How often was each tooth found?": lambda r: sorted(
        Counter(t["fdi"] for _, t in teeth(r)).items()
    ),
    "Which radiographs lack 36?": lambda r: [
        (n,) for n, record in r.items() if 36 not in {t["fdi"] for t in record["teeth"]}
    ],
    "How many root remnants are there, by tooth?": lambda r: [(r["p1"]["teeth"][3]["fdi"], 1)],
    "How many implants are there in each position?": lambda r: [(46, 1)],
    "How many teeth have a root filling and no crown?": lambda r: [(without_crowns(r),)],
    "How many were predicted, failed or ignored?": lambda r: [("done", len(SEEDS)), ("failed", 3)],
    "How many are there of each dentition, and how many teeth on average?": lambda r: [
        ("permanent", len(SEEDS), round(len(teeth(r)) / len(SEEDS), 1))
    ],
    "Which ones should a person look at first?": lambda r: [
        (f"p{seed}", seed / 8, 0, "turned" if seed == 7 else None) for seed in SEEDS
    ],
    "Why did radiographs fail?": lambda r: [(error, 1) for error in sorted(ERRORS)],
}


def test_all_questions_have_an_answer_here(records: Records) -> None:
    assert list(QUESTIONS) == list(ANSWERS)
    assert PAGE.count("```sql") == len(QUESTIONS)
    assert len(impacted(records, 38)) == 2
    assert without_crowns(records) > 0


@pytest.mark.parametrize("question", ANSWERS)
def test_a_question_is_answered(question: str, folder: Path, records: Records) -> None:
    with chdir(folder):
        found = duckdb.sql(QUESTIONS[question]).fetchall()
    expected = ANSWERS[question](records)
    assert found == [
        tuple(pytest.approx(x) if isinstance(x, float) else x for x in row) for row in expected
    ]
