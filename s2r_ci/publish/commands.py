"""Commands in comments of pull requests: ``/s2r use 4 GPUs``, ``/s2r image=NAME:TAG``, ``/s2r explain``.

A line that begins with ``/s2r`` is one command. What is wished for becomes answers in ``s2r-answers.toml`` on the
branch; the head is read through GitHub's interface as data and never checked out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from s2r_ci.patterns import lazy
from s2r_ci.wishes.reading import Wish, read_wish

MOST: Final = 10  # commands of one comment
_LINE: Final = lazy(r"^[ \t]*/s2r(?:[ \t]+(?P<rest>.*?))?[ \t]*$", re.MULTILINE)
_PLAIN: Final = ("retry", "skip", "explain", "help")
_ACCEPT: Final = lazy(r"accept[ \t]+(?P<key>[a-z][a-z-]*(?:\.\S+)?)")
_LONGEST: Final = 500

HELP: Final = (
    "`/s2r use 4 GPUs`, `/s2r image=NAME:TAG`, `/s2r memory 64G`, `/s2r 2 hours`, `/s2r mount /data from claim NAME`, "
    "`/s2r NAME=value`, `/s2r accept QUESTION`, `/s2r retry`, `/s2r skip`, `/s2r explain`"
)


class Command(NamedTuple):
    """One line. ``word`` is retry, skip, explain, help, accept, wish, or empty where it is not understood."""

    word: str
    text: str
    wish: Wish = Wish()
    accepted: str = ""


def read_commands(comment: str) -> tuple[Command, ...]:
    """The commands of a comment, in order, at most ten. Quoted lines (``>``) and code are no commands.

    >>> [command.word for command in read_commands("please\\n/s2r use 4 GPUs\\n/s2r explain")]
    ['wish', 'explain']
    """
    text = _without_code(comment.replace("\r\n", "\n"))
    return tuple(_command((found["rest"] or "help")[:_LONGEST]) for found in _LINE.finditer(text))[:MOST]


def _without_code(text: str) -> str:
    return re.sub(r"^(```+|~~~+).*?^\1[ \t]*$", "", text, flags=re.MULTILINE | re.DOTALL)


def _command(rest: str) -> Command:
    if rest.lower() in _PLAIN:
        return Command(rest.lower(), rest)
    if found := _ACCEPT.fullmatch(rest):
        return Command("accept", rest, accepted=found["key"])
    wish = read_wish(rest)
    return Command("wish", rest, wish=wish) if wish else Command("", rest)


def with_command(command: Command, answers: Mapping[str, Any], job: Any) -> dict[str, Any]:
    """The answers of one script with a command's added. Raises ConversionError where they do not fit the job."""
    from s2r_ci.wishes.answers import answers_of

    if command.word == "accept":
        kept = dict.fromkeys((*answers.get("accepted", ()), command.accepted))
        return {**answers, "accepted": list(kept)}
    return answers_of(command.wish, job, answers)


def not_kept(answers: Mapping[str, Any]) -> Iterator[str]:
    """What of the answers has no place in a table of answers: a mount needs the claim in the site map."""
    yield from sorted(answers.get("site", {}).get("volumes", {}))
