"""Counts right and wrong attributes of teeth: impacted, root remnants.

    python benchmarks/attributes.py DATA [--bundle default] [--labels benchmarks/attributes.json]

DATA are the annotated radiographs of UFBA-425. `attributes.json` says what a person saw of some of
their teeth: "growing" (a germ), "erupted", "remnant", or "impacted", perhaps with its angulation.
Its parts "first" and "second" were drawn at random among third molars; the limits of the rule were
chosen on them. "third" was drawn and judged likewise after that, without seeing what the rule says.
"chosen" has teeth that the rule found, or that a person noticed. Teeth that could not be told are
in none. Prints counts for annotated and for predicted teeth, and every tooth on which rule and
person differ.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from panodent.analysis.tooth_attributes import ToothAttributes, tooth_attributes
from panodent.bundle.bundle import load
from panodent.datasets import dataset
from panodent.dentition import TEETH
from panodent.inference.rescaling import predict_teeth
from panodent.teeth.teeth import Teeth

Labels = Mapping[str, Mapping[str, str]]
LABELS = Path(__file__).with_suffix(".json")


def found(teeth: Teeth) -> dict[int, str]:
    """What the rule says of each tooth, in the words of the labels; "erupted" for all others."""
    numbers = teeth.fdi.tolist()
    return {fdi: _word(a) for fdi, a in zip(numbers, tooth_attributes(teeth), strict=True)}


def _word(attributes: ToothAttributes) -> str:
    if attributes.remnant:
        return "remnant"
    if attributes.impaction is not None:
        return f"impacted {attributes.impaction.angulation}"
    return "erupted" if attributes.erupted else "growing"


def compare(labels: Labels, teeth: Mapping[str, Mapping[int, str]]) -> list[str]:
    """Table rows: counts for third molars and other teeth; then what differs."""
    rows, wrong = [], []
    for name, third in (("third molars", True), ("other teeth", False)):
        pairs = []
        for key, listed in labels.items():
            for number, label in listed.items():
                fdi = int(number)
                if (TEETH[fdi].position == 8) == third:
                    said = teeth.get(key, {}).get(fdi, "not found")
                    pairs.append((label, said))
                    if _kind(label) != _kind(said):
                        wrong.append(f"{key} {fdi}: {label}, said {said}")
        for kind in ("impacted", "remnant"):
            seen = [said for label, said in pairs if _kind(label) == kind]
            right = sum(_kind(said) == kind for said in seen)
            absent = seen.count("not found")
            false = sum(_kind(said) == kind != _kind(label) for label, said in pairs)
            others = len(pairs) - len(seen)
            if seen:
                rows.append(f"| {name} | {kind} | {right} of {len(seen)} | {absent} | "
                            f"{false} of {others} |")  # fmt: skip
        named = [(label, said) for label, said in pairs if " " in label and " " in said]
        if named:
            rows.append(f"| {name} | angulation | {sum(a == b for a, b in named)} of {len(named)} "
                        "| | |")  # fmt: skip
    return [*rows, *wrong]


def _kind(label: str) -> str:
    """The first word; "growing" counts as "erupted", because both mean: neither of the two."""
    word = label.split()[0]
    return "erupted" if word == "growing" else word


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of annotated radiographs")
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--labels", type=Path, default=LABELS)
    given = parser.parse_args()
    parts: dict[str, Labels] = json.loads(given.labels.read_text(encoding="utf-8"))
    wanted = {key for labels in parts.values() for key in labels}
    cases = dataset.find(given.data).cases
    bundle = load(given.bundle)
    annotated = {case.key: case.teeth() for case in cases}
    predicted = {
        case.key: predict_teeth(bundle, case.radiograph().pixels)
        for case in cases
        if case.key in wanted
    }
    for name, records in (("annotated", annotated), ("predicted", predicted)):
        said = {key: found(teeth) for key, teeth in records.items()}
        for part, labels in parts.items():
            print(f'\n{name} teeth, part "{part}"\n')
            print("| teeth | what | found | tooth not found | false |\n|---|---|---|---|---|")
            print("\n".join(compare(labels, said)))
    children = [key for key, teeth in annotated.items() if (teeth.fdi > 50).sum() > 2]
    marked = [
        key for key in children if any("impacted" in w for w in found(annotated[key]).values())
    ]
    print(f"\nmore than two deciduous teeth: {len(children)} radiographs, "
          f"{len(marked)} with an impacted tooth")  # fmt: skip


if __name__ == "__main__":
    main()
