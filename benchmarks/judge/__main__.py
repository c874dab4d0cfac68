"""Prints the judge's tables; ``--write`` puts them into docs/judge.md, that of the targets into README.md too.

The exit code is 1 when a target is missed.
"""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.judge.measure import EVERY, TARGETS, alarms, measure, table, targets_table, together, troubles
from s2r_ci.parallel import cores

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "judge.md"
README: Final = ROOT / "README.md"
BEGIN, END = (
    "<!-- figures: written by `python -m benchmarks.judge --write` -->",
    "<!-- end of figures -->",
)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge")
    parser.add_argument("--scale", choices=list(EVERY), default="tenth")
    parser.add_argument("--target", choices=TARGETS, action="append", help="repeatable; all of them")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes; one a core")
    parser.add_argument("--missed", action="store_true", help="show what is not caught")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/judge.md and README.md")
    given = parser.parse_args(argv)
    if given.write and given.target:
        parser.error("--write publishes all targets: leave --target out")
    found = measure(EVERY[given.scale], targets=given.target or TARGETS, jobs=given.jobs)
    targets = list(targets_table(found))
    lines = [*targets, "", *alarms(found), "", *table(found)]
    print("\n".join(lines))
    if given.missed:
        for name, score in together(found).scores.items():
            for what, count in score.missed.most_common(20):
                print(f"{count:5} {name}: {what}")
    if given.write:
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), lines), encoding="utf-8")
        README.write_text(renewed(README.read_text(encoding="utf-8"), targets), encoding="utf-8")
    troubled = list(troubles(found))
    print(*troubled, sep="\n", file=sys.stderr)
    return int(bool(troubled))


def renewed(page: str, lines: Iterable[str]) -> str:
    """The page with these figures."""
    body = "\n".join([BEGIN, *lines, END])
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: body, page, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main())
