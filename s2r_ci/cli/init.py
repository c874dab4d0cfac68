"""``s2r-scan init``: settings, a workflow and hooks proposed for this repository, shown before anything is written."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from s2r_ci import __version__
from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import add_paths, parse, parser
from s2r_ci.errors import ConfigurationError
from s2r_ci.publish.files import FileStore, locked
from s2r_ci.repository import Place, found_in, place_of
from s2r_ci.session import options_of, world_of

if TYPE_CHECKING:
    from s2r_ci.model import Report

SETTINGS: Final = "s2r-ci.toml"
WORKFLOW: Final = ".github/workflows/s2r.yml"
HOOKS: Final = ".pre-commit-config.yaml"

_WORKFLOW_TEXT: Final = """\
name: s2r
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
concurrency:
  group: s2r-${{ github.ref }}
  cancel-in-progress: true
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with:
          persist-credentials: false
      - uses: s2r-ci/s2r-ci@v%(version)s # pin it by commit
"""

_HOOKS_TEXT: Final = """\
repos:
  - repo: https://github.com/s2r-ci/s2r-ci
    rev: v%(version)s
    hooks:
      - id: s2r-lint
      - id: s2r-check
"""


def run(verb: str, words: Sequence[str]) -> int:
    """Show the proposals; write those whose files do not exist, after a yes."""
    made = parser(verb, VERBS[verb])
    add_paths(made)
    made.add_argument("--yes", action="store_true", help="write without asking")
    made.add_argument("--dry-run", action="store_true", help="show only")
    given = parse(made, words)
    place = place_of({name: value for name, value in given.items() if name not in ("yes", "dry-run")})
    proposals = _proposals(place)
    for path, text in proposals.items():
        print(f"--- {path}{_remark(place.root, path)}\n{text}")
    new = {path: text for path, text in proposals.items() if not _there(place.root, path)}
    if given.get("dry-run") or not new or not (given.get("yes") or _asked(new)):
        print("nothing was written", file=sys.stderr)
        return 0
    _write(place.root, new)
    return 0


def _proposals(place: Place) -> dict[str, str]:
    words = {"version": __version__}
    return {SETTINGS: _settings(place), WORKFLOW: _WORKFLOW_TEXT % words, HOOKS: _HOOKS_TEXT % words}


def _settings(place: Place) -> str:
    """Settings with every question of this repository as a line to fill in, those that serve most scripts first."""
    from s2r_ci.audit import summarise
    from s2r_ci.pipeline import scan
    from s2r_ci.render.words import count

    options = options_of(place, ignore_disk=True, keep_details=True)
    found = found_in(place)
    report: Report = scan(found.scripts, world_of(place), options, verb="audit", jobs=place.settings.jobs)
    summary = summarise(report, found.others, place.tree.target_for(""))
    lines = [
        f"# Settings of s2r-ci for this repository: {count(summary.scripts, 'batch script')}.",
        "# Fill in and uncomment.",
    ]
    asked = {key for key, *_ in summary.questions}
    lines += [
        f'# image = "registry.example.com/IMAGE:TAG"{_served(summary.questions, "image")}',
        f'# memory = "16G"{_served(summary.questions, "memory")}',
        f'# working-directory = "/workspace"{_served(summary.questions, "working-directory")}',
        '# project = "RUNAI-PROJECT"',
    ]
    if asked:
        lines.append("")
    site = summary.site_map.replace("[tool.s2r-ci.", "[")
    lines += [f"# {line}" if line else "" for line in site.splitlines()]
    return "\n".join(lines).rstrip() + "\n"


def _served(questions: Sequence[tuple[str, str, str, int]], key: str) -> str:
    count = sum(number for name, _, _, number in questions if name == key)
    return f"  # answers a question of {count} script{'s' * (count != 1)}" if count else ""


def _there(root: str, path: str) -> bool:
    if path == SETTINGS and _has_table(os.path.join(root, "pyproject.toml")):
        return True
    return os.path.lexists(os.path.join(root, path))


def _has_table(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return b"[tool.s2r-ci" in file.read()
    except OSError:
        return False


def _remark(root: str, path: str) -> str:
    return (
        "  (something of the kind is there already: take what you need, it is not touched)"
        if _there(root, path)
        else ""
    )


def _asked(new: dict[str, str]) -> bool:
    if not sys.stdin.isatty():
        raise ConfigurationError("init needs a yes before it writes", hint="add --yes, or --dry-run to look only")
    return input(f"Write {', '.join(new)}? [y/N] ").strip().lower() in ("y", "yes")


def _write(root: str, new: dict[str, str]) -> None:
    with locked(root), FileStore(root) as store:
        for path, text in new.items():
            store.write(path, text.encode())
            print(f"wrote {path}", file=sys.stderr)
