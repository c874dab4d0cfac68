"""``s2r-scan rule [ID]``: what a rule means and how to put it right."""

from collections.abc import Sequence
from typing import Final

from s2r_ci import rules
from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import parse, parser
from s2r_ci.errors import ConfigurationError
from s2r_ci.model import Rule
from s2r_ci.publish.report import publish
from s2r_ci.rules import RULES
from s2r_ci.slurm.inline import may_be_ignored

_WITHOUT_MANIFEST: Final = (
    rules.SCRIPT_REFUSED, rules.UNKNOWN_DIRECTIVE, rules.HETEROGENEOUS_JOB, rules.CONVERSION_FAILED,
)  # fmt: skip


def run(verb: str, words: Sequence[str]) -> int:
    """Print one rule, or one line for each."""
    made = parser(verb, VERBS[verb])
    made.add_argument("id", nargs="?", default="", metavar="ID", help="without it: all rules, one a line")
    wish = parse(made, words)["id"]
    publish(_one(wish) if wish else _all(), "")
    return 0


def _one(wish: str) -> str:
    if rule := RULES.get(wish):
        return _text(rule)
    from difflib import get_close_matches

    near = get_close_matches(wish, RULES, n=1)
    hint = f"did you mean {near[0]}?" if near else "`s2r-scan rule` lists them all"
    raise ConfigurationError(f"there is no rule '{wish}'", hint=hint)


def _text(rule: Rule) -> str:
    return (
        f"{rule.id} ({rule.level.word}, found by {rule.stage.value})\n\n"
        f"What it means:       {rule.summary}.\n"
        f"How to put it right: {rule.hint}.\n"
        f"To silence it:       {_silence(rule)}\n"
        f"{_example(rule)}"
    )


def _example(rule: Rule) -> str:
    """A script in which the rule is found, what is said there, and what ``lint --fix`` makes of the line."""
    from s2r_ci.lint.shown import shown
    from s2r_ci.render.safe import printable

    if (example := shown(rule.id)) is None:
        return ""
    lines = ["", "Found, for example, in:", ""]
    for number, text in enumerate(example.script, start=1):
        lines.append(f"{'>' if number == example.line else ' '} {number:3} | {printable(text)}")
    lines += ["", f"  {printable(example.message)}"]
    if example.repaired is not None:
        lines += ["", f"  lint --fix writes: {printable(example.repaired)}"]
    return "\n".join([*lines, ""])


def _silence(rule: Rule) -> str:
    if not may_be_ignored(rule):
        return "no comment can; it has to be put right."
    if rule in _WITHOUT_MANIFEST:
        return "no comment makes a manifest of such a script; it has to be put right."
    return f"# s2r: ignore[{rule.id}] the reason, on the line it is found on"


def _all() -> str:
    width = max(map(len, RULES))
    return "".join(f"{rule.id:{width}}  {rule.level.word:7}  {rule.summary}\n" for rule in RULES.values())
