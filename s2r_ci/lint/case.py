"""One script under the eyes of the linter: its reading, and what several checks look up."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, NamedTuple, Protocol

from s2r_ci import rules
from s2r_ci.model import Body, Directive, Finding, Item, ItemKind, JobSpec, Location, Reading, Rule, Script, Step
from s2r_ci.patterns import lazy
from s2r_ci.slurm.body import read_body
from s2r_ci.slurm.options import Release, parse_release

_HASH: Final = lazy(r"(?:^|\s)#")


class Around(Protocol):
    """What the repository says about the paths a script names; they are relative to the script's folder."""

    def folder(self, script: str, path: str) -> bool | None:
        """Whether the folder is there; None: that cannot be known."""

    def lines(self, script: str, path: str) -> int | None:
        """How many lines the file has; None: there is no such file, or it is not known which one is meant."""

    def holds(self, script: str, path: str, text: bytes) -> bool | None:
        """Whether the file has this text; None: there is no such file, or it is not known which one is meant."""

    def sent_with(self, script: str, *spelled: str) -> bool:
        """Whether a program of the repository sends this script with an option that begins with one of these."""


class Command(NamedTuple):
    """A line of the program part with its continuation lines, without comment."""

    line: int
    text: str


class Case:
    """A script, what it says, and what lies around it. What costs something is worked out when it is asked for."""

    def __init__(self, script: Script, reading: Reading, around: Around | None = None) -> None:
        self.script = script
        self.reading = reading
        self.around = around
        self.path = script.path

    @cached_property
    def release(self) -> Release:
        """The release whose sbatch read the script."""
        return parse_release(self.reading.header.slurm)

    @cached_property
    def directives(self) -> Mapping[str, Directive]:
        """Long name -> the directive that counts; of a heterogeneous job those of all components."""
        parts = self.reading.header.components
        return {
            d.name: d for part in parts for d in part.directives if d.origin == "script" and not d.overridden_by
        }

    @property
    def job(self) -> JobSpec | None:
        """The job of a script that sbatch takes and that is one job; else None."""
        return self.reading.jobs[0] if len(self.reading.jobs) == 1 else None

    @cached_property
    def _read(self) -> tuple[Body, tuple[Item, ...]]:
        if self.reading.jobs:
            return self.reading.jobs[0].body, self.reading.jobs[0].inventory
        return read_body(self.script)[:2]

    @property
    def body(self) -> Body:
        """The program part, of a refused script too."""
        return self._read[0]

    @property
    def shell(self) -> bool:
        """The program part is in a language of the Bourne family, and the grammar could read it."""
        return self.body.language == "shell" and self.body.understood

    def items(self, kind: ItemKind) -> Iterator[Item]:
        """The inventory's items of one kind."""
        return (item for item in self._read[1] if item.kind is kind)

    @cached_property
    def variables(self) -> Mapping[str, Location]:
        """Slurm's variables that the program part names, each with its first place."""
        found: dict[str, Location] = {}
        for item in self.items(ItemKind.VARIABLE):
            found.setdefault(item.name, item.location)
        return found

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the script."""
        return self.script.text.split("\n")

    @cached_property
    def commands(self) -> list[Command]:
        """The program part, line by line, comments and blank lines left out, continuations joined."""
        found: list[Command] = []
        text, start = "", 0
        for number, line in enumerate(self.lines, 1):
            if not text and (not line or line.isspace() or line.lstrip()[0] == "#"):
                continue
            start = start if text else number
            if line.endswith("\\"):
                text += line[:-1] + " "
                continue
            text += line
            found.append(Command(start, _without_comment(text) if "#" in text else text))
            text = ""
        if text:
            found.append(Command(start, text))
        return found

    @cached_property
    def code(self) -> str:
        """The text of ``commands``."""
        return "\n".join(command.text for command in self.commands)

    def says(self, *names: str) -> bool:
        """Whether one of these options is given."""
        return not self.directives.keys().isdisjoint(names)

    def at(self, *names: str) -> Location:
        """Where the first of these options stands that is given; else the file."""
        return next((self.directives[name].location for name in names if name in self.directives), self.place())

    def remark(self, said: Directive) -> str:
        """What the author wrote behind a directive, in small letters, or ""."""
        line = self.lines[said.location.line - 1] if 0 < said.location.line <= len(self.lines) else ""
        return line[1:].partition("#")[2].strip().lower()

    def late(self, *spelled: str) -> bool:
        """Whether a directive behind the first command, which does not count, begins with one of these."""
        late = (f.subject for f in self.reading.findings if f.rule is rules.LATE_DIRECTIVE)
        return any(text.removeprefix("#SBATCH").lstrip().startswith(spelled) for text in late)

    def place(self, line: int = 0, column: int = 0) -> Location:
        """A place in the script."""
        return Location(path=self.path, line=line, column=column)


def _without_comment(text: str) -> str:
    """A line up to the first # that no quote follows and that begins a word."""
    quoted = max(map(text.rfind, "\"'`")) + 1
    comment = _HASH.search(text, quoted)
    return text[: comment.start()] if comment else text


def found(rule: Rule, message: str, place: Location, subject: str) -> Finding:
    """One finding."""
    return Finding(rule=rule, message=message, location=place, subject=subject)


def option_of(step: Step, *names: str) -> str | None:
    """The value of a step's own option, by any of its names; "" for a flag; None where it is not given.

    >>> words = ("srun", "-n4", "--nodes=2", "x")
    >>> step = Step(launcher="srun", words=words, program=("x",), location=Location(path="a"))
    >>> option_of(step, "-n", "--ntasks"), option_of(step, "--nodes"), option_of(step, "-c")
    ('4', '2', None)
    """
    own = own_words(step)
    for at, word in enumerate(own):
        for name in names:
            if word == name:
                behind = own[at + 1] if at + 1 < len(own) else ""
                return "" if behind.startswith("-") else behind.strip("\"'")
            rest = word[len(name) :]
            if word.startswith(name) and (rest.startswith("=") or (len(name) == 2 and rest[:1].isdigit())):
                return rest.removeprefix("=").strip("\"'")
    return None


def own_words(step: Step) -> tuple[str, ...]:
    """The options of the launcher, without its name and without the program."""
    return step.words[1 : len(step.words) - len(step.program)]


def number(text: str | None) -> int | None:
    """A whole number in decimal, or None: a variable, a word."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def outermost(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps that no other launcher starts."""
    return (step for step in steps if not step.within)
