"""`panodent inspect`: checks a folder of annotated radiographs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_line, print_warning, progress_bar
from panodent.cli.options import (
    Attribute,
    Encoding,
    FormatName,
    NameMap,
    Numbering,
    Overwrite,
    Predictions,
    Values,
    read_options,
)
from panodent.errors import ConfigError, MissingExtraError, PanodentError
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from panodent.bundle.bundle import Bundle
    from panodent.datasets.correction import Correction
    from panodent.datasets.dataset import Case
    from panodent.datasets.inspection import Inspection
    from panodent.radiograph.radiograph import Radiograph
    from panodent.reports.audit import Audit, Entry
    from panodent.teeth.teeth import Teeth

LISTED = 20
"""How many suspicious annotations are printed at most; the page lists all."""
RAREST = 4


def inspect(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder of annotated radiographs.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for an HTML report with pictures.")
    ] = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
    attribute: Attribute = None,
    encoding: Encoding = None,
    predictions: Predictions = False,
    audit: Annotated[
        bool,
        typer.Option(
            "--audit", help="Compare annotations with predictions and rank likely mistakes."
        ),
    ] = False,
    bundle: Annotated[
        list[str] | None,
        typer.Option(
            show_default="default",
            help="Bundle or training run that predicts for --audit. Give it once for each run of a "
            "cross-validation: the run that held a radiograph out predicts it.",
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            help="Folder for `panodent serve --store`: with --audit, the annotations with likely "
            "mistakes are put there for review."
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Check a folder of annotated radiographs before training.

    Reports missing and damaged files, duplicates and suspicious annotations. With --audit a network
    predicts each radiograph, and annotations that differ are listed as likely mistakes.
    """
    if not audit and (bundle or store):
        raise ConfigError("--bundle and --store belong to --audit; add --audit or leave them out")
    from panodent.datasets.inspection import inspect as inspect_folder
    from panodent.reports import inspection as report
    from panodent.reports.report_folder import INSPECTION, check_free, replacing

    check_free(output, INSPECTION, overwrite)
    options = read_options(values, numbering, name_map, predictions, attribute, encoding)
    with progress_bar("reading") as update:
        found = inspect_folder(data, format_name, options, update)
    _print_overview(found)
    _print_findings(found)
    audited = _audited(found, bundle or ["default"]) if audit else None
    if audited is not None:
        _print_audit(audited)
        _fill_store(found, audited, store)
    if output is not None:
        with replacing(output, INSPECTION, overwrite):
            print_line(f"page: {report.write(found, output, audited)}")
    raise typer.Exit(1 if found.problems or found.faulty or found.dataset.unread else 0)


def _print_overview(found: Inspection) -> None:
    dataset = found.dataset
    radiographs = counted(len(found.findings), "radiograph", "radiographs")
    teeth = counted(found.teeth, "tooth", "teeth")
    print_line(f"{radiographs} in format {dataset.format}, {teeth}")
    for keys, one, many in (
        (dataset.images_without_labels, "image without labels", "images without labels"),
        (dataset.labels_without_images, "label without an image", "labels without images"),
    ):
        if keys:
            print_warning(f"{counted(len(keys), one, many)}: {_shortened(keys)}")
    for item in dataset.unread[:LISTED]:
        print_warning(f"not read: {item.path}: {item.reason}")
    if (more := len(dataset.unread) - LISTED) > 0:
        print_warning(f"not read: {more} more; they are on the page (--output)")
    sizes = [f"{height} x {width} ({n})" for (height, width), n in found.sizes.items()]
    print_line(f"sizes (height x width): {_shortened(sizes)}")
    rarest = sorted(found.per_number.items(), key=lambda item: item[1])[:RAREST]
    _print_kinds(found)
    print_line("rarest teeth: " + ", ".join(f"{fdi} ({count})" for fdi, count in rarest))


def _print_kinds(found: Inspection) -> None:
    """What was done to the teeth, if the annotations say it."""
    from panodent.teeth.finding_kinds import KINDS

    if not found.has_findings:
        return
    counts = [
        counted(count, KINDS[kind].title, KINDS[kind].plural)
        for kind, count in found.per_kind.items()
    ]
    shown = sum(f.kinds is not None for f in found.findings)
    print_line(
        f"findings in {counted(shown, 'radiograph', 'radiographs')}: "
        f"{', '.join(counts) or 'none'}; {found.loose} without a tooth"
    )
    for name, count in found.other_findings.items():
        print_warning(
            f"{counted(count, 'finding', 'findings')} of class {name!r}, which is not a kind of "
            "finding: training ignores these places; to give the class a kind: "
            f'--map \'{{"{name}": "finding:KIND"}}\''
        )


def _print_findings(found: Inspection) -> None:
    for same in found.duplicates:
        print_line(f"the same radiograph: {' = '.join(same)}")
    for finding in found.suspicious[:LISTED]:
        messages = "; ".join(suspicion.message for suspicion in finding.suspicions)
        print_line(f"look at {finding.key}: {messages}")
    if (more := len(found.suspicious) - LISTED) > 0:
        print_line(f"look at {more} more: they are on the page (--output)")
    for note in found.notes[:LISTED]:
        if note.is_warning:
            print_warning(note)
        else:
            print_line(f"note: {note}")
    if (more := len(found.notes) - LISTED) > 0:
        print_line(f"{counted(more, 'note more is', 'notes more are')} on the page (--output)")
    for finding in found.problems:
        print_warning(f"{finding.key} cannot be used: {finding.problem}")
    for fault in found.faulty:
        print_warning(fault)
    if count := len(found.problems) + len(found.faulty):
        print_line(
            f"{counted(count, 'item', 'items')} to correct; train and convert stop for them, or "
            "leave them out with --skip-bad"
        )


def _audited(found: Inspection, bundles: Sequence[str]) -> Audit:
    """Predicts each radiograph that can be used with the most independent bundle; the mistakes."""
    from functools import partial

    from panodent.bundle.bundle import load
    from panodent.datasets.correction import Corrections
    from panodent.datasets.splits import fingerprint
    from panodent.reports.audit import TRAINED_ON, Audit
    from panodent.training.independence import most_independent, origins

    opened, known = [load(name) for name in bundles], origins(bundles)
    entries: list[Entry] = []
    trained_on: dict[str, int] = dict.fromkeys(TRAINED_ON, 0)
    skipped: dict[str, str] = {}
    corrections: dict[str, Correction] = {}
    cases: dict[str, Callable[[], tuple[Radiograph, Teeth, Teeth]]] = {}
    case_of = {case.key: case for case in found.dataset.cases}
    usable = [finding.key for finding in found.findings if not finding.problem]
    with progress_bar("comparing") as update:
        for done, key in enumerate(usable, start=1):
            case = case_of[key]
            try:
                radiograph = case.radiograph()
                place, state = most_independent(known, fingerprint(radiograph))
                mistakes, correction = _compared(case, radiograph, opened[place], state)
            except PanodentError as error:
                skipped[key] = str(error)
            else:
                trained_on[state] += 1
                if mistakes:
                    entries += mistakes
                    corrections[key] = correction
                    cases[key] = partial(_loaded, case, opened[place])
            update(done, len(usable))
    sizes = list(found.sizes)
    name = f"proposals for {found.dataset.root.resolve().name}"
    return Audit(
        tuple(sorted(entries, key=lambda entry: -entry.mistake.confidence)),
        trained_on,
        Corrections(name, "", "", corrections, sizes[0] if len(sizes) == 1 else None),
        tuple(dict.fromkeys(gap for origin in known for gap in origin.gaps)),
        skipped,
        cases,
    )


def _compared(
    case: Case, radiograph: Radiograph, bundle: Bundle, state: str
) -> tuple[list[Entry], Correction]:
    """The mistakes of one radiograph and the correction that they suggest.

    Raises `RadiographError` where the prediction warns that the radiograph is unsuitable.
    """
    from panodent.analysis.annotation_audit import audit
    from panodent.analysis.prediction_quality import warning
    from panodent.datasets.proposals import proposed
    from panodent.errors import RadiographError
    from panodent.inference.rescaling import predict_teeth
    from panodent.reports.audit import Entry

    annotation, prediction = case.teeth(), predict_teeth(bundle, radiograph.pixels)
    if said := warning(prediction):
        raise RadiographError(said)
    mistakes = audit(annotation, prediction, bundle.classes)
    numbers = annotation.fdi.tolist()
    entries = [
        Entry(case.key, mistake, tuple(numbers[i] for i in mistake.annotated), state)
        for mistake in mistakes
    ]
    return entries, proposed(annotation, prediction, mistakes)


def _loaded(case: Case, bundle: Bundle) -> tuple[Radiograph, Teeth, Teeth]:
    """Radiograph, annotation and prediction of a case; only a few are drawn."""
    from panodent.inference.rescaling import predict_teeth

    radiograph = case.radiograph()
    return radiograph, case.teeth(), predict_teeth(bundle, radiograph.pixels)


def _print_audit(audited: Audit) -> None:
    for entry in audited.entries[:LISTED]:
        mistake = entry.mistake
        print_line(f"likely mistake in {entry.key}: {mistake.reason} ({mistake.confidence:.2f})")
    radiographs = len({entry.key for entry in audited.entries})
    print_line(
        f"{counted(len(audited.entries), 'likely mistake', 'likely mistakes')} in "
        f"{counted(radiographs, 'radiograph', 'radiographs')}"
    )
    for sentence in audited.provenance():
        print_line(sentence)
    for key, reason in audited.skipped.items():
        print_warning(f"{key} was not compared: {reason}")


def _fill_store(found: Inspection, audited: Audit, store: Path | None) -> None:
    """Puts radiographs with mistakes into the store, if one is named, and says how many."""
    if store is not None:
        count = _put_in_store(found, audited, store)
        print_line(f"{counted(count, 'radiograph', 'radiographs')} to review in {store}")


def _put_in_store(found: Inspection, audited: Audit, folder: Path) -> int:
    """Makes a study of each radiograph with mistakes; how many."""
    try:
        from panodent.serve.store.annotated import add_annotated
        from panodent.serve.store.store import Store
    except ModuleNotFoundError as error:
        raise MissingExtraError("serve", "--store", str(error.name)) from None

    mistakes: dict[str, list[Entry]] = {}
    for entry in audited.entries:
        mistakes.setdefault(entry.key, []).append(entry)
    opened = Store(folder)
    try:
        for key, entries in reversed(mistakes.items()):  # the page lists the newest first
            case = found.case(key)
            doubtful = {
                i: entry.mistake.reason for entry in entries for i in entry.mistake.annotated
            }
            said = "; ".join(entry.mistake.reason for entry in entries)
            annotated = case.findings()
            findings = None if annotated is None else annotated.findings
            args = (case.radiograph(), case.teeth(), doubtful, f"likely mistakes: {said}")
            add_annotated(opened, key, case.image, *args, findings)
    finally:
        opened.close()
    return len(mistakes)


def _shortened(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
