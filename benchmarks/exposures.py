"""Scores the findings of bundles on radiographs of other exposures and local contrast.

    python benchmarks/exposures.py DATA... --findings FILE [--values hitl] [--bundle default]
        [--val 0.25] [--split-seed 5] [--all]

Scores the share of DATA that `panodent findings` holds out with the same --val and --split-seed,
unchanged and with each change; `--all` scores every radiograph that FILE lists. Devices enhance
local contrast (CLAHE) before they store a radiograph, some more than others, which makes fillings
less bright against their teeth.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import radiographs
from robustness import EXPOSURES, Change, equalised

from panodent.bundle.bundle import Bundle, load
from panodent.datasets.dataset import Case
from panodent.datasets.public_findings import findings_file
from panodent.evaluation.finding_scores import score_findings
from panodent.evaluation.findings_evaluation import summarise_findings
from panodent.formats.finding_annotations import AnnotatedFindings, read_findings
from panodent.inference.rescaling import predict_all

CHANGES: Mapping[str, Change] = {
    "unchanged": lambda pixels, _: pixels,
    "gamma 0.6": lambda pixels, _: pixels ** np.float32(0.6),
    "weak CLAHE": lambda pixels, _: equalised(pixels, 2.0),
    **EXPOSURES,
}
FIGURES = ("restoration_recall", "restoration_precision", "restoration_dice")


def figures(
    bundle: Bundle, change: Change, cases: Sequence[Case], truth: Mapping[str, AnnotatedFindings]
) -> list[float]:
    """The values of `FIGURES` over all cases after a change."""
    rng, scored = np.random.default_rng(0), []
    for case in cases:
        pixels = np.clip(change(case.radiograph().pixels, rng), 0, 1).astype(np.float32)
        teeth, found = predict_all(bundle, pixels)
        if found is None:
            raise SystemExit("the bundle has no findings network")
        scored.append(score_findings(truth[case.key], found, case.teeth(), teeth, case.key))
    made = summarise_findings(scored, 0).figures
    return [made[name].value or 0.0 for name in FIGURES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path, help="folders of annotated radiographs")
    parser.add_argument("--findings", required=True, help="COCO file of findings, or ufba425")
    parser.add_argument("--values", help="meaning of pixel values in label images")
    parser.add_argument("--bundle", action="append", help="may be given several times")
    parser.add_argument("--val", type=float, default=0.25, help="as of `panodent findings`")
    parser.add_argument("--split-seed", type=int, default=5, help="as of `panodent findings`")
    parser.add_argument("--all", action="store_true", help="not only held-out radiographs")
    given = parser.parse_args()
    bundles = {name: load(name) for name in given.bundle or ["default"]}
    truth = read_findings(findings_file(given.findings))
    parts = radiographs.split(given.data, given.values, seed=given.split_seed, share=given.val)
    for name, trained, held in parts:
        listed = [*trained, *held] if given.all else held
        cases = [case for case in listed if case.key in truth]
        print(f"\n{len(cases)} radiographs of {name}\n")
        print("| recall, precision, Dice | " + " | ".join(bundles) + " |")
        print("|---|" + "---|" * len(bundles))
        for what, change in CHANGES.items():
            made = (figures(bundle, change, cases, truth) for bundle in bundles.values())
            cells = (", ".join(f"{value:.3f}" for value in row) for row in made)
            print(f"| {what} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
