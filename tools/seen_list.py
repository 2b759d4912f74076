"""Lists in a bundle which radiographs it was trained on, if that was not done when it was made.

    python tools/seen_list.py BUNDLE RADIOGRAPHS... [--incomplete]

`RADIOGRAPHS` are files or folders with all radiographs that the bundle has seen in training. Their
digests are added to BUNDLE/seen.txt; they show nothing of the radiographs. `panodent train` lists
them in the bundles that it makes, and takes over the list of the bundle that it started from. With
`--incomplete`, the bundle has seen other radiographs too.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from panodent.bundle import bundle
from panodent.bundle.seen import Seen
from panodent.datasets.radiograph_digest import digest
from panodent.radiograph.discovery import collect
from panodent.radiograph.radiograph import read


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("radiographs", type=Path, nargs="+")
    parser.add_argument("--incomplete", action="store_true")
    given = parser.parse_args(arguments)
    made = bundle.load(given.bundle)
    digests = {digest(read(item.path)) for item in collect(given.radiographs)}
    seen = Seen(tuple(sorted(digests | set(made.seen.digests))), not given.incomplete)
    bundle.save(replace(made, seen=seen), given.bundle)
    print(f"{given.bundle}: {len(seen.digests)} radiographs listed")


if __name__ == "__main__":
    main()
