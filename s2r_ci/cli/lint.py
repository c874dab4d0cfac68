"""``s2r-scan lint``: what is wrong with the scripts, whether or not they ever move; ``--fix`` and ``--diff``."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from s2r_ci import __version__, rules
from s2r_ci.cli import VERBS
from s2r_ci.cli.check import conclude, progress_line
from s2r_ci.discover import read_file
from s2r_ci.errors import IncompleteError
from s2r_ci.lint import lint
from s2r_ci.model import (
    Candidate,
    Finding,
    Level,
    Location,
    Outcome,
    Report,
    Script,
    ScriptClass,
    Verdict,
)
from s2r_ci.parallel import each_chunk
from s2r_ci.repository import Place, found_in, place_of
from s2r_ci.session import with_found
from s2r_ci.slurm.job import read_script

if TYPE_CHECKING:
    from s2r_ci.discover import Found

_LARGEST_LIST: Final = 1_048_576  # octets of a file that an array indexes


def run(verb: str, words: Sequence[str]) -> int:
    """Discover, repair where asked, read, look, report; the exit code is the verdict, after repair."""
    return linted_as_asked(given_words(verb, words), verb)


def given_words(verb: str, words: Sequence[str]) -> Mapping[str, Any]:
    """The options and paths of lint by their names. Raises ConfigurationError for wrong ones."""
    if not any(word.startswith("-") for word in words):
        return {"paths": list(words)}  # as a hook calls: no parser, as for check
    from s2r_ci.cli.arguments import add_paths, add_report, parse, parser

    made = parser(verb, VERBS[verb])
    add_paths(made)
    add_report(made)
    made.add_argument("--slurm-version", metavar="V", help="22.05, 24.11 or 26.05: whose sbatch reads the scripts")
    repair = made.add_argument_group("repair").add_mutually_exclusive_group()
    repair.add_argument("--fix", action="store_true", help="repair what is certain, in place")
    repair.add_argument("--diff", action="store_true", help="print what --fix would do, write nothing")
    return parse(made, words)


def linted_as_asked(given: Mapping[str, Any], verb: str = "lint") -> int:
    """The run itself, for the command and the hooks."""
    place = place_of(given)
    found = found_in(place)
    repaired: Mapping[str, bytes] = {}
    if given.get("fix") or given.get("diff"):
        from s2r_ci.cli.repair import repair_scripts

        repaired = repair_scripts(place, found, write=bool(given.get("fix")))
    report = with_found(linted(place, found, repaired), found, place, verb)
    if given.get("diff"):
        from s2r_ci.cli.verdict import exit_code

        return exit_code(report)
    return conclude(place, report)


def linted(place: Place, found: "Found", instead: Mapping[str, bytes]) -> Report:
    """A verdict a script. ``instead``: octets that count in the place of those on disk."""
    programs = [other.path for other in found.others if other.script_class is ScriptClass.DRIVER]
    around = Tree(place.root, programs)
    fail_on = place.settings.fail_on
    progress = progress_line(place)

    def work(chunk: Sequence[Candidate]) -> list[Verdict]:
        return [_one(candidate, place, around, instead, fail_on) for candidate in chunk]

    verdicts: list[Verdict] = []
    for done in each_chunk(found.scripts, work, jobs=place.settings.jobs):
        verdicts.extend(done)
        progress(len(verdicts), len(found.scripts))
    return Report(tool_version=__version__, verb="lint", verdicts=tuple(verdicts), fail_on=fail_on)


def _one(
    candidate: Candidate, place: Place, around: "Tree", instead: Mapping[str, bytes], fail_on: Level
) -> Verdict:
    path = candidate.path
    try:
        data = instead.get(path)
        if data is None:
            data = read_file(place.root, path, max_bytes=place.settings.max_file_bytes)
    except IncompleteError as error:
        where = Location(path=error.where or path)
        finding = Finding(rule=rules.FILE_UNREADABLE, message=error.what, location=where, subject=error.code)
        return Verdict(path=path, outcome=Outcome.ERRORED, findings=(finding,))
    script = Script(path=path, data=data)
    reading = read_script(script, release=place.tree.for_script(path).slurm_version)
    findings = lint(script, reading, around)
    failed = any(f.level >= fail_on and not f.suppression for f in findings)
    return Verdict(
        path=path,
        script_class=ScriptClass.REFUSED if reading.refused else ScriptClass.BATCH,
        outcome=Outcome.FAILED if failed else Outcome.PASSED,
        findings=tuple(findings),
    )


class Tree:
    """What the repository says about paths that a script names. Scripts are sent from their own folder or the root."""

    def __init__(self, root: str, programs: Sequence[str] = ()) -> None:
        self._root = root
        self._programs = programs  # those that call sbatch
        self._is_folder = cache(os.path.isdir)

    def folder(self, script: str, path: str) -> bool | None:
        """Whether the folder is there; None for a path that leads out of the repository."""
        places = self._places(script, path)
        if not places:
            return None
        return any(self._is_folder(os.path.join(self._root, place)) for place in places)

    def lines(self, script: str, path: str) -> int | None:
        """How many lines the file has; None unless it is the only one that can be meant."""
        data = self._data(script, path)
        return None if data is None else data.count(b"\n") + (not data.endswith(b"\n") and bool(data))

    def holds(self, script: str, path: str, text: bytes) -> bool | None:
        """Whether the file has this text; None unless it is the only one that can be meant."""
        data = self._data(script, path)
        return None if data is None else text in data

    def _data(self, script: str, path: str) -> bytes | None:
        there = [place for place in self._places(script, path) if os.path.isfile(os.path.join(self._root, place))]
        if len(there) != 1:
            return None
        with suppress(IncompleteError):
            return read_file(self._root, there[0], max_bytes=_LARGEST_LIST)
        return None

    def sent_with(self, script: str, *spelled: str) -> bool:
        """Whether a program of the repository sends this script with an option that begins with one of these."""
        name = os.path.basename(script)
        words = (words for sent, words in self._calls if os.path.basename(sent) == name)
        return any(word.startswith(spelled) for found in words for word in found)

    @cached_property
    def _calls(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each script that a program sends by its name, and the options, those with a variable too."""
        from s2r_ci.slurm.driver import sbatch_calls

        calls: list[tuple[str, tuple[str, ...]]] = []
        for program in self._programs:
            with suppress(IncompleteError):
                text = Script(path=program, data=read_file(self._root, program, max_bytes=_LARGEST_LIST)).text
                calls += [(call.script, (*call.options, *call.left_open)) for call in sbatch_calls(text)]
        return calls

    def _places(self, script: str, path: str) -> list[str]:
        if path.startswith(("/", "~")) or "\0" in path:
            return []
        tried = [os.path.normpath(os.path.join(folder, path)) for folder in (os.path.dirname(script), "")]
        return [place for place in dict.fromkeys(tried) if place != ".." and not place.startswith("../")]
