"""Whether answers are what a person's own words ask for: held against a service before anything is committed for it.

Who asks in a comment is not there to look at the answer before it is on a branch. So the answers have to follow from
the words: by the fixed rules where those read all of it, else by undoing the answers into a wish, every part of which
has to stand in the text.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci.errors import ConversionError
from s2r_ci.frozen import names_of, replace
from s2r_ci.model import JobSpec
from s2r_ci.patterns import lazy
from s2r_ci.wishes.answers import answers_of, options_of
from s2r_ci.wishes.reading import Mount, Wish, heard, number, read_wish

_COUNTS: Final[Mapping[str, str]] = {
    "--nodes": "nodes",
    "--ntasks": "tasks",
    "--cpus-per-task": "cpus_per_task",
    "--time": "minutes",
}
_NAMES: Final = frozenset(
    {"accepted", "arguments", "image", "mounts", "options", "scripts", "site", "variables", "working-directory"}
)
_GPUS: Final = ("--gres", "--gpus", "--gpus-per-node", "--gpus-per-task")
_AMOUNT: Final = lazy(r"(?<![\w.])[0-9]+\s?[KMGTkmgt]i?[Bb]?(?!\w)")
_PER_NODE: Final = lazy(r"node|knoten|n[oœ]ud|nodo|machine", re.IGNORECASE)
_NUMBER: Final = lazy(r"(?<![\w.])(?:[0-9]{1,6}|[a-z]+)(?!\w)", re.IGNORECASE)


def unsaid(instruction: str, before: Mapping[str, Any], after: Mapping[str, Any], job: JobSpec) -> list[str]:
    """The names of answers that the words do not ask for; empty for a faithful service.

    ``job`` is the one that ``before`` gives: GPUs are asked for as it asks.
    """
    plain = read_wish(instruction)
    wish = plain or _undone(instruction, before, after, job)
    if not wish:
        return ["nothing was understood"]
    added = {_member(word) for word in heard(wish, instruction)} if not plain else set()
    try:
        expected = answers_of(wish, job, before)
    except ConversionError:
        return ["options"]
    names = {*expected, *after} - {"decisions"}
    names = {
        name if name in _NAMES else "an answer that nobody knows"
        for name in names
        if _differ(expected, after, name)
    }
    return sorted(added | names)


def _differ(expected: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    return bool(expected.get(name) != after.get(name))


def _member(word: str) -> str:
    """What may be said about a word of a service's answer: our own names, never its text."""
    return word if word in names_of(Wish) else "a name that nobody wrote"


def _undone(instruction: str, before: Mapping[str, Any], after: Mapping[str, Any], job: JobSpec) -> Wish:
    """The wish that the difference of two sets of answers stands for, as far as there is one."""
    options = [option for option in _list(after, "options") if option not in _list(before, "options")]
    said = dict(option.partition("=")[::2] for option in options if isinstance(option, str))
    values: dict[str, Any] = {}
    for option, name in _COUNTS.items():
        if re.fullmatch(r"[0-9]{1,6}", said.get(option, "")):
            values[name] = int(said[option])
    if "--mem" in said:
        values["memory"] = _memory(said["--mem"], instruction, job)
    for name in ("image", "working-directory"):
        if after.get(name) != before.get(name) and isinstance(after.get(name), str):
            values[name.replace("-", "_")] = after[name]
    if after.get("arguments") != before.get("arguments"):
        values["arguments"] = tuple(map(str, _list(after, "arguments")))
    values["environment"] = dict(_new(before.get("variables"), after.get("variables")))
    values["mounts"] = tuple(_mounts(before, after))
    gpus = [option for option in options if str(option).partition("=")[0] in _GPUS]
    return _with_gpus(Wish(**values), gpus[0], instruction, job) if gpus else Wish(**values)


def _with_gpus(wish: Wish, option: object, instruction: str, job: JobSpec) -> Wish:
    """The wish with the number of GPUs that gives this option: of the job or of a node, whichever the words name."""
    fitting = []
    for amount in sorted({number(word) for word in _NUMBER.findall(instruction) if _is_number(word)} - {0}):
        of_a_node = [replace(wish, gpus_per_node=amount)] if _PER_NODE.search(instruction) else []
        for asked in (replace(wish, gpus=amount), *of_a_node):
            try:
                fits = option in options_of(asked, job)
            except (ConversionError, ZeroDivisionError):
                fits = False
            if fits:
                fitting.append((len(list(heard(asked, instruction))), asked))
    return min(fitting, key=lambda each: each[0])[1] if fitting else wish


def _is_number(word: str) -> bool:
    try:
        number(word)
    except ValueError:
        return False
    return True


def _memory(value: str, instruction: str, job: JobSpec) -> str:
    """The amount as the person wrote it, where it is the same one: ``64 GB`` became ``64G``."""
    for text in _AMOUNT.findall(instruction):
        if f"--mem={value}" in options_of(Wish(memory=text), job):
            return str(text)
    return value


def _mounts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Mount]:
    for path, volume in _new(_volumes(before), _volumes(after)):
        claim = volume.get("claim") if isinstance(volume, Mapping) else volume
        yield Mount(path=path, claim=str(claim))


def _volumes(answers: Mapping[str, Any]) -> object:
    site = answers.get("site")
    return site.get("volumes") if isinstance(site, Mapping) else None


def _new(before: object, after: object) -> Iterator[tuple[str, Any]]:
    known = before if isinstance(before, Mapping) else {}
    for name, value in (after if isinstance(after, Mapping) else {}).items():
        if known.get(name) != value:
            yield name, value


def _list(answers: Mapping[str, Any], name: str) -> list[Any]:
    value = answers.get(name)
    return list(value) if isinstance(value, list | tuple) else []
