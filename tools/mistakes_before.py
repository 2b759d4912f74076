"""What panodent answered to some mistakes before it said what to do next.

Taken from commit ad7ff94 by the calls of `tools/mistakes.py`. Those are listed in which most has
changed; exit code 0 means that nothing was said and that files were replaced or mixed.
"""

from __future__ import annotations

BEFORE: dict[tuple[str, str], tuple[int, str]] = {
    ("Radiographs", "a wrong path"): (
        1,
        "error: scan: no such file or folder",
    ),
    ("Radiographs", "pictures of another kind"): (
        1,
        "error: gifs: the folder contains no PNG, JPEG, TIFF, BMP, WebP or DICOM file",
    ),
    ("Radiographs", "a link that leads nowhere"): (
        1,
        "error: more: the folder contains no PNG, JPEG, TIFF, BMP, WebP or DICOM file",
    ),
    ("Radiographs", "results instead of radiographs"): (
        1,
        "error: out/phantom-00000/labels.png: looks like a mask (26 grey values), "
        "expected a radiograph; masks are read by `panodent evaluate` and `panodent "
        "train`",
    ),
    ("The output folder", "results of an earlier call"): (
        0,
        "",
    ),
    ("The output folder", "another choice of radiographs with --resume"): (
        0,
        "",
    ),
    ("The output folder", "files of your own"): (
        1,
        "error: scans: the folder contains no PNG, JPEG, TIFF, BMP, WebP or DICOM file",
    ),
    ("The output folder", "another command works there"): (
        0,
        "",
    ),
    ("The output folder", "a full disk"): (
        1,
        "error: out/predictions.json: cannot be written (No space left on device); check "
        "the folder and the free space",
    ),
    ("Annotations", "radiographs without annotations"): (
        1,
        "error: scans: no annotation format recognised; name it with --format (coco, "
        "labels, ome-tiff, cvat, voc, label-studio, yolo, nnunet, supervisely, labelme, "
        "via)",
    ),
    ("Annotations", "two radiographs of one name"): (
        1,
        "error: data/images/phantom-00000.png and data/images/phantom-00000.jpg share the"
        " name 'phantom-00000'; which one is annotated? Keep one of them",
    ),
    ("Annotations", "JSON that is cut off"): (
        1,
        "error: data: no annotation format recognised; name it with --format (coco, "
        "labels, ome-tiff, cvat, voc, label-studio, yolo, nnunet, supervisely, labelme, "
        "via)",
    ),
    ("Training", "nothing to resume"): (
        1,
        "error: run: holds no training run (No such file or directory)",
    ),
    ("Phantoms and services", "a folder with phantoms"): (
        0,
        "",
    ),
    ("Phantoms and services", "a folder with radiographs"): (
        0,
        "",
    ),
}
"""(exit code, answer) by heading and mistake of `mistakes.MISTAKES`."""
