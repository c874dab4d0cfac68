"""How the ledger answers for one item, and the plain ways to say it."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from s2r_ci.model import Disposition, Item, Question
from s2r_ci.runai.distribution import Plan

EXACT: Final = Disposition.EXACT
NEAR: Final = Disposition.APPROXIMATE
ASK: Final = Disposition.NEEDS_ANSWER
LOST: Final = Disposition.NOT_EXPRESSIBLE


class Answer(NamedTuple):
    """Where an item went, and why."""

    disposition: Disposition
    field: str
    reason: str


Row = Callable[[Item, Plan, Mapping[str, Question]], Answer]


def fixed(disposition: Disposition, field: str, reason: str) -> Row:
    """The same for every script."""
    answer = Answer(disposition, field, reason)
    return lambda item, made, asked: answer


def pod(disposition: Disposition, field: str, reason: str) -> Row:
    """A field of the pod spec, wherever the kind keeps its template."""
    return lambda item, made, asked: Answer(disposition, f"{made.template}.spec.{field}", reason)


def resource(name: str, reason: str) -> Row:
    """A limit of the main container."""
    return pod(EXACT, f"containers[0].resources.limits.{name}", reason)


def lost(reason: str) -> Row:
    """Not expressible, and why."""
    return fixed(LOST, "", reason)


def mapped(prefix: str, names: Callable[[Plan], tuple[str, ...]], field: str, reason: str) -> Row:
    """Names that the site map translates: all of them known, or a question each."""

    def row(item: Item, made: Plan, asked: Mapping[str, Question]) -> Answer:
        where = field.format(template=made.template)
        for name in names(made):
            if question := asked.get(f"{prefix}.{name}"):
                return Answer(ASK, where, question.text)
        return Answer(NEAR, where, reason)

    return row
