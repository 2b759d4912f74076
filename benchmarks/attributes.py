"""Counts right and wrong attributes of teeth: impacted, root remnants.

    python benchmarks/attributes.py DATA [--bundle default] [--labels benchmarks/attributes.json]

DATA are the annotated radiographs of UFBA-425. `attributes.json` says what a person saw of some of
their teeth: "growing" (a germ), "erupted", "remnant", or "impacted", perhaps with its angulation.
Its parts "first" and "second" were drawn at random among third molars; the limits of the rule were
chosen on them. "third" was drawn and judged likewise after that, without seeing what the rule says.
"fourth" and "fifth" are all third molars of 40 radiographs each, and the canines that do not erupt,
drawn from the adults without a tooth of the first three and judged likewise; "fourth" helped to
choose limits, "fifth" did not.
"chosen" has teeth that the rule found, or that a person noticed. Teeth that could not be told are
in none. Prints counts for annotated and for predicted teeth, and every tooth on which rule and
person differ.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from panodent.bundle.bundle import load
from panodent.datasets import dataset
from panodent.dentition import TEETH
from panodent.evaluation.attribute_scores import counted_attributes, differing, predicted_states
from panodent.inference.rescaling import predict_teeth

Labels = Mapping[str, Mapping[str, str]]
LABELS = Path(__file__).with_suffix(".json")


def compare(labels: Labels, teeth: Mapping[str, Mapping[int, str]]) -> list[str]:
    """Table rows: counts for third molars and other teeth; then what differs."""
    truth = {key: {int(n): label for n, label in seen.items()} for key, seen in labels.items()}
    rows = [
        f"| {c.teeth} | {c.kind} | {c.right} of {c.of} | {c.absent} | {c.false} of {c.others} |"
        for c in counted_attributes(truth, teeth)
    ]
    for name, third in (("third molars", True), ("other teeth", False)):
        named = [
            (label, said)
            for key, seen in truth.items()
            for fdi, label in seen.items()
            if (TEETH[fdi].position == 8) == third
            and " " in label
            and (said := teeth.get(key, {}).get(fdi, "")).startswith("impacted ")
        ]
        if named:
            right = sum(label == said for label, said in named)
            rows.append(f"| {name} | angulation | {right} of {len(named)} | | |")
    wrong = differing(truth, teeth)
    return [*rows, *(f"{key} {fdi}: {label}, said {said}" for key, fdi, label, said in wrong)]


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
        said = {key: predicted_states(teeth) for key, teeth in records.items()}
        for part, labels in parts.items():
            print(f'\n{name} teeth, part "{part}"\n')
            print("| teeth | what | found | tooth not found | false |\n|---|---|---|---|---|")
            print("\n".join(compare(labels, said)))
    children = [key for key, teeth in annotated.items() if (teeth.fdi > 50).sum() > 2]
    marked = [
        key
        for key in children
        if any("impacted" in state for state in predicted_states(annotated[key]).values())
    ]
    print(f"\nmore than two deciduous teeth: {len(children)} radiographs, "
          f"{len(marked)} with an impacted tooth")  # fmt: skip


if __name__ == "__main__":
    main()
