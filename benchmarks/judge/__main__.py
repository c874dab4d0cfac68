"""Prints the judge's table, and with ``--write`` puts it into docs/judge.md. The exit code is 1 when a target is missed."""

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.judge.measure import EVERY, alarms, measure, table, troubles

PAGE: Final = Path(__file__).parents[2] / "docs" / "judge.md"
BEGIN, END = (
    "<!-- figures: written by `python -m benchmarks.judge --write` -->",
    "<!-- end of figures -->",
)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judge")
    parser.add_argument("--scale", choices=list(EVERY), default="tenth")
    parser.add_argument("--missed", action="store_true", help="show what is not caught")
    parser.add_argument("--write", action="store_true", help="put the table into docs/judge.md")
    given = parser.parse_args(argv)
    strength = measure(EVERY[given.scale])
    lines = [*table(strength), "", *alarms(strength)]
    print("\n".join(lines))
    if given.missed:
        for name, score in strength.scores.items():
            for what, count in score.missed.most_common(20):
                print(f"{count:5} {name}: {what}")
    if given.write:
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), lines), encoding="utf-8")
    found = list(troubles(strength))
    print(*found, sep="\n", file=sys.stderr)
    return int(bool(found))


def renewed(page: str, lines: Iterable[str]) -> str:
    """The page with these figures."""
    body = "\n".join([BEGIN, *lines, END])
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: body, page, flags=re.DOTALL)


if __name__ == "__main__":
    sys.exit(main())
