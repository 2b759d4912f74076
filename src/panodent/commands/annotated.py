"""Annotated radiographs: scored against, converted, checked, drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from panodent.cli.console import bar, say, warn
from panodent.commands.arguments import given, parse_size

_LISTED = 20


def evaluate(
    predictions: Path,
    truth: Path,
    output: Path | None,
    format_name: str | None,
    options: Mapping[str, Any],
    surfaces: bool,
    resize: bool,
    samples: int,
) -> int:
    """Scores a folder of predictions; the code is 1 when a case has none."""
    from panodent.evaluation.pairing import evaluate_pairs, pair_folders

    pairing = pair_folders(predictions, truth, format=format_name, options=given(options))
    with bar("scoring") as update:
        evaluation = evaluate_pairs(
            pairing,
            surfaces=surfaces,
            resize=resize,
            samples=samples,
            progress=lambda done, total, key: update(done, total),
        )
    for name, figure in evaluation.figures.items():
        if figure.value is not None:
            ends = "" if figure.low is None else f"  ({figure.low:.4f} to {figure.high:.4f})"
            say(f"{name:20} {figure.value:.4f}{ends}")
    for kind, figures in evaluation.by_type.items():
        parts = [
            f"{name} {figures[name].value:.4f}"
            for name in ("dice", "dice_obb", "numbering")
            if name in figures and figures[name].value is not None
        ]
        say(f"{kind:20} {'  '.join(parts)}")
    for note in evaluation.notes:
        warn(note)
    if output is not None:
        from panodent.reports.evaluation import write

        page = write(evaluation, output, cases=pairing.pictures())
        say(f"page: {page}")
    if missing := evaluation.without_prediction:
        warn(f"{len(missing)} cases have no prediction and count as 0; the first is {missing[0]}")
        return 1
    return 0


def convert(
    source: Path,
    target: Path,
    to: str,
    format_name: str | None,
    read_options: Mapping[str, Any],
    write_options: Mapping[str, Any],
    images: str,
    resume: bool,
) -> int:
    """Converts a folder; the code is 1 when some of it could not be taken over."""
    from panodent.datasets.convert import convert as run

    with bar("converting") as update:
        done = run(
            source,
            target,
            to,
            format_name=format_name,
            read_options=given(read_options),
            write_options=given(write_options),
            images=images,
            resume=resume,
            progress=update,
        )
    say(
        f"{done.written} radiographs with {done.teeth} teeth from {done.source_format} to {to}"
        + (f", {done.resumed} of them by an earlier call" if done.resumed else "")
        + f"; {len(done.failed)} failed; in {target}"
    )
    for what, count in sorted(done.lost.items()):
        warn(f"{to} cannot hold {what}: lost in {count} of {done.written}")
    if done.without_image:
        warn(f"{done.without_image} annotations have no radiograph beside them")
    for key, reason in done.failed.items():
        warn(f"{key} was left out: {reason}")
    return 1 if done.failed else 0


def inspect(
    data: Path, output: Path | None, format_name: str | None, options: Mapping[str, Any]
) -> int:
    """Checks a data folder; the code is 1 when some of it cannot be used."""
    from panodent.datasets.inspection import inspect as look
    from panodent.reports import inspection

    with bar("reading") as update:
        found = look(data, format_name, given(options), update)
    say(f"{len(found.findings)} radiographs in format {found.dataset.format}, {found.teeth} teeth")
    for keys, what in (
        (found.dataset.images_without_labels, "images without labels"),
        (found.dataset.labels_without_images, "labels without images"),
    ):
        if keys:
            warn(f"{len(keys)} {what}: {_some(keys)}")
    say("sizes: " + _some([f"{w} x {h} ({n})" for (h, w), n in found.sizes.items()]))
    rare = sorted(found.per_number.items(), key=lambda item: item[1])[:4]
    say("rarest teeth: " + ", ".join(f"{fdi} ({count})" for fdi, count in rare))
    for same in found.duplicates:
        say(f"the same radiograph: {' = '.join(same)}")
    for finding in found.suspicious[:_LISTED]:
        say(f"look at {finding.key}: {'; '.join(s.message for s in finding.suspicions)}")
    if (more := len(found.suspicious) - _LISTED) > 0:
        say(f"look at {more} more: they are on the page (--output)")
    for finding in found.problems:
        warn(f"{finding.key} cannot be used: {finding.problem}")
    if output is not None:
        say(f"page: {inspection.write(found, output)}")
    return 1 if found.problems else 0


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def phantom(output: Path, count: int, seed: int, size: str, dicom: bool) -> int:
    """Draws phantoms as a data folder."""
    from panodent.phantom import write

    with bar("drawing") as update:
        write(output, count, seed, parse_size(size), update, dicom)
    say(f"{count} phantoms with truth in {output}")
    return 0
