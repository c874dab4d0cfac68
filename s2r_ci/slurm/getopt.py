"""Words to options, as the C library's long-option parser reads them for sbatch.

All words of one component are one list. The first word that is no option ends the parsing, and sbatch then
refuses the script; reading here goes on behind it, so that one run names all that is wrong.
"""

from collections.abc import Sequence
from typing import NamedTuple

from s2r_ci import rules
from s2r_ci.slurm.options import GONE, Catalogue, Option, UnknownOptionError, parse_release
from s2r_ci.slurm.troubles import Troubles
from s2r_ci.slurm.words import Word

_SRUN_ONLY = frozenset(
    [
        "cpu-bind",
        "mpi",
        "pty",
        "x11",
        "overlap",
        "exact",
        "label",
        "unbuffered",
        "immediate",
        "kill-on-bad-exit",
        "multi-prog",
        "relative",
    ]
)
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"


class Given(NamedTuple):
    """One option with its value, as it was given."""

    option: Option
    value: str
    line: int
    column: int
    origin: str = "script"


_new = tuple.__new__  # a named tuple's own constructor takes twice as long


class Options(NamedTuple):
    """What the words of one component say."""

    given: list[Given]
    refused: bool


def read_options(words: Sequence[Word], known: Catalogue, troubles: Troubles) -> Options:
    """The options of one component's words, in order; findings for all that sbatch refuses or misreads."""
    given: list[Given] = []
    refused = False
    names, letters = known.names, known.letters
    at, size = 0, len(words)
    while at < size:
        word = words[at]
        text, line, column = word
        at += 1
        if text[:2] == "--" and len(text) > 2:
            name, equals, value = text[2:].partition("=")
            if equals and (option := names.get(name)) and option.argument != "none":
                given.append(_new(Given, (option, value, line, column, "script")))
                continue
            reader = _long
        elif len(text) == 2 and (option := letters.get(text)) and at < size and words[at].line == line:
            value = words[at].text
            if value[:2] != "--":
                given.append(_new(Given, (option, value, line, column, "script")))
                at += 1
                continue
            reader = _short
        elif text[:1] == "-" and len(text) > 1 and text != "--":
            reader = _short
        else:
            if text != "--" or at < size:
                refused = True
                _tell_stray(word, words[at:], given, troubles)
                while at < size and (words[at].line == word.line or words[at].text[:1] != "-"):
                    at += 1
            continue
        used = reader(word, words, at, known, given, troubles)
        if used < 0:
            refused = True
            used = 0
        at += used
    return Options(given, refused)


def _long(
    word: Word, words: Sequence[Word], at: int, known: Catalogue, given: list[Given], troubles: Troubles
) -> int:
    """Read ``--name``, ``--name=value``; how many more words were used, -1 where sbatch refuses."""
    name, equals, value = word.text[2:].partition("=")
    option = known.names.get(name)
    if option is None:
        try:
            option = known.find(name)
        except UnknownOptionError as unknown:
            _tell_unknown(word, name, unknown.candidates, known, troubles)
            return -1
        _tell_abbreviation(word, name, option, troubles)
    used = 0
    if option.argument == "none":
        if equals:
            troubles.refuse(
                f"--{option.name} is a flag and takes no value: write --{option.name} alone",
                word.line, word.column, option.means,
            )  # fmt: skip
            return -1
    elif option.argument == "required" and not equals:
        if at >= len(words):
            return _tell_missing(word, option, troubles)
        value = words[at].text
        used = 1
        if words[at].line != word.line or value[:2] == "--":
            _tell_swallowed(word, words[at], option, troubles)
    given.append(_new(Given, (option, value, word.line, word.column, "script")))
    return used


def _short(
    word: Word, words: Sequence[Word], at: int, known: Catalogue, given: list[Given], troubles: Troubles
) -> int:
    """Read a bundle of letters; the last may take a value."""
    text = word.text
    for place in range(1, len(text)):
        option = known.shorts.get(text[place])
        if option is None:
            _tell_unknown(word, text[place], (), known, troubles)
            return -1
        rest = text[place + 1 :]
        if option.argument == "none":
            given.append(Given(option, "", word.line, word.column))
            continue
        if option.argument == "optional" or rest:
            if rest.startswith("="):
                _tell_equals(word, option, rest, troubles)
            given.append(Given(option, rest, word.line, word.column))
            return 0
        if at >= len(words):
            return _tell_missing(word, option, troubles)
        value = words[at]
        if value.line != word.line or value.text[:2] == "--":
            _tell_swallowed(word, value, option, troubles)
        given.append(_new(Given, (option, value.text, word.line, word.column, "script")))
        return 1
    return 0


def _tell_swallowed(word: Word, value: Word, option: Option, troubles: Troubles) -> None:
    where = f" of line {value.line}" if value.line != word.line else ""
    troubles.add(
        rules.VALUE_SWALLOWED,
        f"{word.text} has no value of its own and takes `{value.text}`{where}: write --{option.name}=VALUE",
        word.line, word.column, option.means,
    )  # fmt: skip


def _tell_equals(word: Word, option: Option, rest: str, troubles: Troubles) -> None:
    troubles.add(
        rules.SHORT_OPTION_EQUALS,
        f"the value of {word.text} is `{rest}`, with the equals sign: write --{option.name}{rest}",
        word.line, word.column, option.means,
    )  # fmt: skip


def _tell_missing(word: Word, option: Option, troubles: Troubles) -> int:
    troubles.refuse(
        f"{word.text} has no value and nothing follows it: write --{option.name}=VALUE",
        word.line, word.column, option.means,
    )  # fmt: skip
    return -1


def _tell_stray(word: Word, behind: Sequence[Word], given: list[Given], troubles: Troubles) -> None:
    """Say which word sbatch stumbles over, and why it stands there."""
    text = word.text
    if text == "--":
        message = "nothing may follow `--` in a directive"
    elif text[:1] and text[0] in DASHES:
        message = f"`{text}` begins with a typographic dash: write it with `-`"
    elif text.startswith("=") or (given and given[-1].line == word.line and given[-1].value == "="):
        name = given[-1].option.name if given else "option"
        message = f"`{text}` stands alone: write --{name}=VALUE, without blanks around the equals sign"
    elif given and given[-1].line == word.line and given[-1].option.argument == "optional":
        option = given[-1].option.name
        message = f"--{option} takes a value only with an equals sign: write --{option}={text}"
    elif given and given[-1].line == word.line and given[-1].option.argument == "none":
        message = f"--{given[-1].option.name} is a flag and takes no value: take away `{text}`"
    else:
        message = f"`{text}` is no option: take it away, quote it with the value before it, or put a # before it"
    troubles.refuse(message, word.line, word.column, text[:40])


def _tell_abbreviation(word: Word, name: str, option: Option, troubles: Troubles) -> None:
    if option.plugin:
        troubles.add(
            rules.PLUGIN_DIRECTIVE,
            f"--{name} belongs to the plug-in {option.plugin}; without it sbatch refuses the script",
            word.line, word.column, option.means,
        )  # fmt: skip
        return
    if name in ("tasks", "cores", "threads", "sockets", "min"):
        troubles.add(
            rules.VALUE_MISLEADING,
            f"--{name} is read as --{option.means}: write the name you mean in full",
            word.line, word.column, option.means,
        )  # fmt: skip


def _tell_unknown(word: Word, name: str, candidates: tuple[str, ...], known: Catalogue, troubles: Troubles) -> None:
    release = ".".join(f"{part:02}" for part in known.release)
    shown = f"--{name}" if word.text.startswith("--") else f"-{name}"
    gone = GONE.get(name, "") if word.text.startswith("--") else ""
    if gone and parse_release(gone) < known.release:
        message = f"Slurm {gone} was the last release whose sbatch knows {shown}; sbatch {release} refuses it"
        troubles.add(rules.REMOVED_OPTION, message, word.line, word.column, name[:60])
        return
    if candidates:
        message = f"{shown} is ambiguous: write one of " + ", ".join("--" + each for each in candidates)
    elif name in _SRUN_ONLY:
        message = f"{shown} is an option of srun, not of sbatch: give it to srun in the script"
    else:
        message = f"sbatch {release} does not know {shown}{_suggestion(word.text, name, known)}"
    troubles.add(rules.UNKNOWN_DIRECTIVE, message, word.line, word.column, name[:60])


def _suggestion(text: str, name: str, known: Catalogue) -> str:
    """A name that is near, or the long form of a single dash too few."""
    single = text[1:].partition("=")[0]
    if not text.startswith("--"):
        return f": did you mean --{single}?" if single in known.names else ""
    import difflib  # only where something is wrong: the import costs more than the reading

    near = difflib.get_close_matches(name.lower().replace("_", "-"), known.names, 1, 0.75)
    return f": did you mean --{near[0]}?" if near else ""
