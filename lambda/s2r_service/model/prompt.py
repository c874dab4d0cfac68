"""What the model is told: a system text that never changes, the facts, and the script as marked data.

The system text is a file of ``prompts/``, named by its version; its digest, with that of the tool's schema, is part of
the provenance of every manifest in which a model decided something.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from s2r_ci.model import ConversionRequest, Question
from s2r_service.model.tool import TOOL
from s2r_service.model.words import Prompt

VERSION: Final = "convert-1"

_FOLDER: Final = Path(__file__).with_name("prompts")
_DIGITS: Final = 16


@cache
def system(version: str = VERSION) -> str:
    """The system text of a version."""
    return (_FOLDER / f"{version}.md").read_text(encoding="utf-8")


@cache
def prompt_version(version: str = VERSION, tool: str = "") -> str:
    """``convert-1+0123456789abcdef``: the version, and a digest of the text and the tool's schema."""
    schema = tool or json.dumps(TOOL, sort_keys=True)
    digest = hashlib.sha256(f"{system(version)}\0{schema}".encode()).hexdigest()
    return f"{version}+{digest[:_DIGITS]}"


def convert_prompt(
    request: ConversionRequest,
    questions: Sequence[Question],
    *,
    refused: Sequence[str] = (),
    nonce: Callable[[], str] = lambda: secrets.token_hex(12),
) -> Prompt:
    """The question for one script; ``refused`` says why the last answer was not taken."""
    told = facts(request, questions)
    if refused:
        told["refused"] = [shown(text)[:400] for text in refused[:16]]
    return Prompt(
        system=system(),
        text=f"FACTS\n{json.dumps(told, ensure_ascii=True, indent=1, sort_keys=True)}",
        guarded=marked(request.script.text, nonce),
        tool=TOOL,
        version=prompt_version(),
    )


def facts(request: ConversionRequest, questions: Sequence[Question]) -> dict[str, Any]:
    """What the compiler knows and the model needs: no text of the script but names, each shown without tricks."""
    target, asked = request.target, request.job.resources
    return {
        "open": [shown(question.key)[:120] for question in questions],
        "images": sorted({*target.image_allow, *target.site.modules.values()}),
        "volumes": sorted(target.site.volumes),
        "asked": {
            "nodes": asked.nodes,
            "tasks": asked.tasks,
            "tasks_per_node": asked.tasks_per_node,
            "gpus_per_node": asked.gpus_per_node,
            "cpus_per_task": asked.cpus_per_task,
        },
        "steps": [{"line": step.location.line, "launcher": step.launcher} for step in request.job.body.steps[:64]],
    }


def marked(text: str, nonce: Callable[[], str]) -> str:
    """The script between two marks with a random word that does not occur in it, each line behind its number."""
    word = nonce()
    while word in text:
        word = nonce()
    lines = text.removesuffix("\n").split("\n")
    width = len(str(len(lines)))
    body = "\n".join(f"{number:>{width}}| {shown(line)}" for number, line in enumerate(lines, 1))
    return f"<script-{word}>\n{body}\n</script-{word}>"


def shown(line: str) -> str:
    """One line in which nothing hides: what does not print is written as its number."""
    if line.isprintable():
        return line
    return "".join(mark if mark.isprintable() or mark == "\t" else f"\\u{{{ord(mark):x}}}" for mark in line)


def lines_of(data: bytes) -> int:
    """The number of lines that a change may name."""
    return data.count(b"\n") + 1
