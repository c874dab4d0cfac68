"""``s2r-scan lint --fix`` and ``--diff``: scripts repaired where it is certain."""

import difflib
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

from s2r_ci.discover import read_file
from s2r_ci.errors import IncompleteError
from s2r_ci.lint.fixes import fix
from s2r_ci.publish.files import FileStore, locked
from s2r_ci.publish.report import publish
from s2r_ci.render.safe import printable, shown_path

if TYPE_CHECKING:
    from s2r_ci.discover import Found
    from s2r_ci.lint.fixes import Fixed
    from s2r_ci.repository import Place


def repair_scripts(place: "Place", found: "Found", *, write: bool) -> dict[str, bytes]:
    """Repair every script that can be; write the files, or print the patch. Returns the new octets by path.

    Files are replaced whole or not at all, under the lock, with their permissions. Raises IncompleteError when a file
    cannot be written: those before it are done.
    """
    repaired: dict[str, bytes] = {}
    with locked(place.root) if write else nullcontext():
        for path, old, fixed in _repairs(place, found):
            repaired[path] = fixed.data
            if not write:
                publish(patch(path, old, fixed.data), "")
                continue
            with FileStore(place.root) as store:
                store.write(path, fixed.data, keep_mode=True)
            for change in fixed.changes:
                print(f"fixed {shown_path(path)}:{change.line}: {printable(change.what)}", file=sys.stderr)
    return repaired


def _repairs(place: "Place", found: "Found") -> "Iterator[tuple[str, bytes, Fixed]]":
    for candidate in found.scripts:
        path = candidate.path
        try:
            old = read_file(place.root, path, max_bytes=place.settings.max_file_bytes)
        except IncompleteError:
            continue  # the report says so
        fixed = fix(old, release=place.tree.for_script(path).slurm_version)
        if fixed.changes:
            yield path, old, fixed


def patch(path: str, old: bytes, new: bytes) -> str:
    """The change as a unified diff."""
    lines = [data.decode("utf-8", "surrogateescape").split("\n") for data in (old, new)]
    ended = [[f"{line}\n" for line in each[:-1]] + ([each[-1]] if each[-1] else []) for each in lines]
    text = ""
    for line in difflib.unified_diff(ended[0], ended[1], f"a/{path}", f"b/{path}"):
        text += line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
    return text
