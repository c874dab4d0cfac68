"""What a script answers itself in ``# s2r:`` comments, and wrongly, or where nobody asked."""

from collections.abc import Iterator
from typing import Final

from s2r_ci import rules
from s2r_ci.frozen import replace
from s2r_ci.model import ConversionRequest, Finding, Location, Script
from s2r_ci.settings.inline import inline_answers
from s2r_ci.standing import CALLS


def unusable(script: Script) -> Iterator[Finding]:
    """What the script answers itself, and wrongly."""
    for each in inline_answers(script):
        if each.trouble:
            place = Location(path=script.path, line=each.line)
            yield Finding(rule=rules.ANSWER_UNUSABLE, message=each.trouble, location=place, subject=each.key)


def unasked(request: ConversionRequest) -> Iterator[Finding]:
    """What the script answers itself, and no question of it asks."""
    said = [each for each in inline_answers(request.script) if each.field in _ASKED]
    if not said:
        return
    from s2r_ci.convert.questions import every_question
    from s2r_ci.runai.distribution import plan

    bare = replace(request.target, arguments=(), variables={}, gpus=None, accepted=())
    asked = every_question(plan(replace(request, target=bare)))
    for each in said:
        for key in each.value if each.field == "accepted" else (each.key,):
            if key not in asked and key != CALLS:
                place = Location(path=request.script.path, line=each.line)
                message = f"no question of this script is called {key}"
                yield Finding(rule=rules.ANSWER_UNUSED, message=message, location=place, subject=key)


_ASKED: Final = frozenset({"gpus", "arguments", "variables", "accepted"})
"""Answers that do nothing unless they are asked for; an image counts over what the script names."""
