"""Reads OUT/findings.json of `panodent predict` back as `Findings`.

A radiograph in which nothing was found has no entry there.
"""

from __future__ import annotations

from pathlib import Path

from panodent.errors import DatasetError
from panodent.formats import coco_results
from panodent.outputs.summary_files import FINDINGS
from panodent.teeth.findings import Findings


def read_finding_results(path: Path) -> dict[str, Findings]:
    """Findings by key, which is the radiograph's path without suffix.

    `path` is the file, or the folder that has it. Raises `DatasetError` where there is none or two
    radiographs have one key, `AnnotationError` for entries that are not results of findings.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, FINDINGS).write_text(
    ...         '[{"image_id": 1, "file_name": "opg.png", "category": "crown", "fdi": 36, '
    ...         '"score": 0.9, "bbox": [0, 0, 2, 2], '
    ...         '"segmentation": {"size": [2, 2], "counts": "04"}}]'
    ...     )
    ...     [(key, findings)] = read_finding_results(Path(folder)).items()
    >>> key, findings.kinds, findings.fdi.tolist()
    ('opg', ('crown',), [36])
    """
    file = path / FINDINGS if path.is_dir() else path
    try:
        return coco_results.read_finding_results(file)
    except FileNotFoundError:
        raise DatasetError(
            f"{file}: not there; predict with a bundle that has a findings network, and without "
            "--no-findings"
        ) from None
