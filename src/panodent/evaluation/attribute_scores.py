"""Compares predicted attributes of teeth with the truth: impacted, root remnant, not erupted.

The truth is what a person saw: `panodent.teeth.validation.STATES`, of some teeth. What is compared
is what `panodent.analysis.tooth_attributes` tells of the predicted teeth of the same number.

>>> seen = {"opg": {38: "impacted", 48: "growing", 36: "remnant"}}
>>> for count in counted_attributes(seen, {"opg": {38: "impacted mesial", 36: "erupted"}}):
...     print(count)
third molars impacted: 1 of 1 found, 0 without a tooth; 0 of 1 others called impacted
third molars unerupted: 0 of 1 found, 1 without a tooth; 0 of 0 others called unerupted
other teeth remnant: 0 of 1 found, 0 without a tooth; 0 of 0 others called remnant
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from panodent.analysis.tooth_attributes import ToothAttributes, tooth_attributes
from panodent.dentition import TEETH
from panodent.evaluation.pairing import Pairing
from panodent.formats.tooth_states import written_state
from panodent.teeth.teeth import UNNUMBERED, Teeth

Words = Mapping[str, Mapping[int, str]]
"""By key of the radiograph and FDI number: a state, perhaps with the angulation after it."""
ABSENT = "not found"
"""The word for a tooth that was not predicted."""
KINDS = ("impacted", "remnant", "unerupted")
SCHEMA = "panodent-attribute-scores/1"


@dataclass(frozen=True)
class AttributeCount:
    """How often one attribute was predicted, for third molars or for other teeth.

    Attributes
    ----------
    teeth : 'third molars' or 'other teeth'.
    kind : one of `KINDS`. Whether a tooth has erupted is counted of teeth that the truth calls
        growing or erupted.
    right, of : how many of the teeth that have it were found to have it, and how many there are.
    absent : how many of them were not predicted at all.
    false, others : how many teeth without it were said to have it, and how many there are.
    """

    teeth: str
    kind: str
    right: int
    of: int
    absent: int
    false: int
    others: int

    def __str__(self) -> str:
        """The counts in one line."""
        return (
            f"{self.teeth} {self.kind}: {self.right} of {self.of} found, {self.absent} without a "
            f"tooth; {self.false} of {self.others} others called {self.kind}"
        )


def predicted_states(teeth: Teeth) -> dict[int, str]:
    """The state of each numbered tooth by the rules, in the words of the truth."""
    numbers = teeth.fdi.tolist()
    words = map(_word, tooth_attributes(teeth))
    return {fdi: word for fdi, word in zip(numbers, words, strict=True) if fdi != UNNUMBERED}


def _word(attributes: ToothAttributes) -> str:
    if attributes.remnant:
        return "remnant"
    if attributes.impaction is not None:
        return f"impacted {attributes.impaction.angulation}"
    return "erupted" if attributes.erupted else "growing"


def annotated(teeth: Teeth) -> dict[int, str]:
    """What a person saw of each numbered tooth; teeth of which nothing was said are left out."""
    states = [written_state(teeth, index) for index in range(len(teeth.fdi))]
    numbers = teeth.fdi.tolist()
    return {n: state for n, state in zip(numbers, states, strict=True) if state and n != UNNUMBERED}


def counted_attributes(truth: Words, predicted: Words) -> list[AttributeCount]:
    """The counts of each kind that occurs in the truth, third molars first."""
    counts = []
    for name, third in (("third molars", True), ("other teeth", False)):
        pairs = [
            (state, said)
            for _, fdi, state, said in _compared(truth, predicted)
            if (TEETH[fdi].position == 8) == third
        ]
        for kind in KINDS:
            rated = [
                (has, said == ABSENT, bool(_has(kind, said)))
                for state, said in pairs
                if (has := _has(kind, state)) is not None
            ]
            having = [(absent, found) for has, absent, found in rated if has]
            if having:
                counts.append(
                    AttributeCount(
                        name,
                        kind,
                        sum(found for _, found in having),
                        len(having),
                        sum(absent for absent, _ in having),
                        sum(found for has, _, found in rated if not has),
                        len(rated) - len(having),
                    )
                )
    return counts


def differing(truth: Words, predicted: Words) -> list[tuple[str, int, str, str]]:
    """(key, FDI number, annotated state, predicted state) of teeth for which the two differ.

    A germ counts as an erupted tooth: both mean neither impacted nor a remnant.
    """
    return [
        item
        for item in _compared(truth, predicted)
        if any(_has(kind, item[2]) != bool(_has(kind, item[3])) for kind in KINDS[:2])
        or item[3] == ABSENT
    ]


def _compared(truth: Words, predicted: Words) -> Iterator[tuple[str, int, str, str]]:
    for key, states in truth.items():
        for fdi, state in states.items():
            yield key, fdi, state, predicted.get(key, {}).get(fdi, ABSENT)


def _has(kind: str, word: str) -> bool | None:
    """Whether a tooth of this word has the attribute; None if the word does not say so."""
    state = word.partition(" ")[0]
    if kind != "unerupted":
        return state == kind
    if state in ("growing", "erupted"):
        return state == "growing"
    return None


def evaluate_attributes(pairing: Pairing) -> list[AttributeCount]:
    """The counts of paired folders; none where the truth says nothing of any tooth.

    Predictions are read where the truth says something. Raises what reading them raises.
    """
    truth: dict[str, dict[int, str]] = {}
    predicted: dict[str, dict[int, str]] = {}
    for pair in pairing.pairs:
        if states := annotated(pair.truth()):
            truth[pair.key] = states
            predicted[pair.key] = _told_of(pair.prediction)
    return counted_attributes(truth, predicted)


def _told_of(prediction: Callable[[], Teeth] | None) -> dict[int, str]:
    return {} if prediction is None else predicted_states(prediction())


def to_json(counts: Iterable[AttributeCount]) -> str:
    """The counts as JSON text."""
    return json.dumps({"schema": SCHEMA, "counts": [asdict(count) for count in counts]}, indent=1)
