"""``s2r-scan write --diff``: what would be written, as a patch, and nothing written."""

import difflib
import os
import sys
from typing import TYPE_CHECKING

from s2r_ci.cli.verdict import exit_code
from s2r_ci.pipeline import Keeper, scan
from s2r_ci.publish.report import publish
from s2r_ci.repository import found_in
from s2r_ci.session import options_of, world_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from s2r_ci.repository import Place


class _Patch:
    """A keeper that keeps nothing: it says what would change."""

    def __init__(self, read: "Callable[[str], bytes | None]") -> None:
        self._read = read

    def write(self, path: str, data: bytes) -> None:
        """Print the difference between the file on disk and ``data``."""
        old = self._read(path)
        before = "/dev/null" if old is None else f"a/{path}"
        lines = difflib.unified_diff(_lines(old or b""), _lines(data), before, f"b/{path}")
        publish("".join(lines), "")

    def flush(self) -> None:
        """Nothing was written."""


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "backslashreplace").splitlines(keepends=True)


def show_diff(place: "Place") -> int:
    """Print the patch; the exit code is that of the ``write`` it stands for."""
    world = world_of(place)
    dry = world._replace(keeper=lambda: _keeper(world.read))
    found = found_in(place)
    report = scan(found.scripts, dry, options_of(place, write=True), verb="write", jobs=1)
    kept = [v for v in report.verdicts if v.state not in ("written", "current")]
    for verdict in kept:
        print(f"s2r-scan: {os.fsencode(verdict.path)!r}: {verdict.outcome.word}, no change", file=sys.stderr)
    return exit_code(report)


def _keeper(read: "Callable[[str], bytes | None]") -> Keeper:
    return _Patch(read)
