"""Runs the benchmarks and prints a table each: ``python -m benchmarks.run [--scale full] [--only start]``.

A benchmark is a module of this folder with ``run(scale) -> Iterator[Row]``. The exit code is 1 when a target that
holds at this scale is missed.
"""

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from importlib import import_module

from benchmarks.table import Row, shown

BENCHMARKS = ("start", "header", "judge", "walk", "discovery", "hooks", "action", "client", "service")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run")
    parser.add_argument("--scale", choices=["tenth", "full"], default="tenth")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="repeatable")
    given = parser.parse_args(argv)
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.machine()}, scale {given.scale}\n")
    missed = 0
    for name in given.only or BENCHMARKS:
        print(f"# {name} ...", file=sys.stderr, flush=True)
        rows: list[Row] = list(import_module(f"benchmarks.{name}").run(given.scale))
        print(f"{shown(rows)}\n", flush=True)
        missed += sum(row.kept is False for row in rows)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
