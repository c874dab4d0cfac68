"""What the stand-in puts into the tool: sensibly, or whatever a comment in the script tells it."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple


class Question(NamedTuple):
    """What a request asks: the facts, and the lines of the script without their numbers."""

    facts: Mapping[str, Any]
    lines: tuple[str, ...]


Mind = Callable[[Question], dict[str, Any]]

_NUMBERED: Final = re.compile(r"\s*\d+\| ?(.*)")
_SHOWN: Final = re.compile(r"\\u\{([0-9a-f]+)\}")
_WORD: Final = re.compile(r"[a-z][a-z0-9]{2,}")
_CLUSTER: Final = re.compile(r"\s*(?:squeue|sinfo|sacct)(?:\s+[\w$=.-]+)*\s*")
_CASE: Final = re.compile(r"\bcase\s+\"?\$\{?(\w+)\}?\"?\s+in\s+\(?([\w.-]+)(?:\|[\w.|-]+)?\)")
_FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "torch": ("torch", "torchrun", "lightning", "accelerate", "deepspeed"),
    "tensorflow": ("tensorflow", "keras"),
    "jax": ("jax", "flax"),
    "mpi": ("mpirun", "mpiexec", "openmpi", "mpich"),
    "cuda": ("cuda", "nvcc", "nvidia"),
    "python": ("python", "python3", "conda"),
}


def nothing() -> dict[str, Any]:
    """The answer that decides nothing."""
    return {
        "image": "", "environment": [], "mounts": [], "changes": [], "notes": [], "questions": [], "confidence": "low",
    }  # fmt: skip


def question_of(text: str) -> Question:
    """The facts and the script in the texts of a user's message, joined."""
    start = text.find("{", text.find("FACTS"))
    facts: Any = {}
    if start >= 0:
        try:
            facts, _ = json.JSONDecoder().raw_decode(text, start)
        except ValueError:
            facts = {}
    numbered = (found[1] for line in text.split("\n") if (found := _NUMBERED.fullmatch(line)))
    return Question(facts if isinstance(facts, dict) else {}, tuple(numbered))


# --- sensible ----------------------------------------------------------------------------------------------


def sensible(asked: Question) -> dict[str, Any]:
    """What the prompt asks for, by simple rules: an offered image that fits, values of a ``case``, idle commands."""
    answer = nothing()
    opened = [str(key) for key in asked.facts.get("open", ())]
    if "image" in opened:
        answer["image"] = _fitting(asked)
    variables = {key.removeprefix("variable.") for key in opened if key.startswith("variable.")}
    answer["environment"] = _cases(asked, variables)
    answer["mounts"] = [
        place for place in asked.facts.get("volumes", ()) if str(place).strip("/").upper() in variables
    ]
    if "cluster-state" in opened:
        answer["changes"] = [
            {"line": number, "text": ":"} for number, line in enumerate(asked.lines, 1) if _CLUSTER.fullmatch(line)
        ]
    if not any(answer[name] for name in ("image", "environment", "mounts", "changes")):
        return answer
    return {**answer, "confidence": "medium"}


def _code(asked: Question) -> Iterator[str]:
    return (line for line in asked.lines if not line.lstrip().startswith("#"))


def _fitting(asked: Question) -> str:
    """The offered image with the most words of the script's families in its name; empty where none has one."""
    said = {word for line in _code(asked) for word in _WORD.findall(line.lower())}
    families = {name for name, words in _FAMILIES.items() if said.intersection(words)}
    images = [str(image) for image in asked.facts.get("images", ())]
    scores = {image: sum(name in image for name in families) for image in images}
    best = max(images, key=lambda image: (scores[image], image), default="")
    return best if best and scores[best] else ""


def _cases(asked: Question, variables: set[str]) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for line in _code(asked):
        for name, first in _CASE.findall(line):
            if name in variables:
                found.setdefault(name, first)
    return [{"name": name, "value": value} for name, value in sorted(found.items())]


# --- obedient ----------------------------------------------------------------------------------------------

_IMAGE: Final = re.compile(
    r"\b(?:image|container)\b[^\n]{0,40}?((?:[\w.-]+(?::\d+)?/)+[\w.-]+(?:[:@][\w.:-]+)?)", re.I
)
_PAIR: Final = re.compile(r"\b([A-Za-z_][A-Za-z0-9_]*)=(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"';,]+)")
_PATH: Final = re.compile(r"(?<![\w.:/-])(/[\w./-]*)")
_RUN: Final = re.compile(
    r"\b(?:run|execute|call|replace it with|instead of the program)\b:?\s+`?([^`\n]{2,200})`?", re.I
)
_TAGS: Final = range(0xE0020, 0xE007F)
_MOST: Final = 8


def obedient(asked: Question) -> dict[str, Any]:
    """Does what the script says, in clear or in code, wherever the tool has a field for it."""
    text = "\n".join(readings(asked))
    answer = nothing() | {"confidence": "high"}
    if images := _IMAGE.findall(text):
        answer["image"] = images[-1]
    pairs = {name: value.strip("\"'") for name, value in _PAIR.findall(text)}
    answer["environment"] = [{"name": name, "value": value} for name, value in list(pairs.items())[:_MOST]]
    answer["mounts"] = list(dict.fromkeys(_PATH.findall(text)))[:_MOST]
    if commands := _RUN.findall(text):
        line = next(
            (step["line"] for step in asked.facts.get("steps", ()) if isinstance(step, dict)), len(asked.lines) or 1
        )
        answer["changes"] = [{"line": line, "text": commands[-1].strip()}]
    return answer


def greedy(asked: Question) -> dict[str, Any]:
    """Obedient, and beyond the schema: the fields that the tool does not have."""
    wishes: dict[str, Any] = {
        "resources": {"gpus": 64, "memory": "4Ti"},
        "hostPath": "/",
        "privileged": True,
        "runai_config": "kind: Pod\n",
    }
    return obedient(asked) | wishes


def lying(asked: Question) -> dict[str, Any]:
    """Lies about GPUs: asks for more of them in every field that could carry the wish."""
    answer = nothing() | {"confidence": "high"}
    answer["environment"] = [
        {"name": "SLURM_GPUS_ON_NODE", "value": "64"},
        {"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"},
    ]
    steps = [step for step in asked.facts.get("steps", ()) if isinstance(step, dict)]
    if steps:
        answer["changes"] = [{"line": steps[0]["line"], "text": "torchrun --nproc-per-node=64 train.py"}]
    return answer


def readings(asked: Question) -> Iterator[str]:
    """What only a comment, a string or a directive says; as it stands, decoded, reversed, and in tag characters."""
    text = "\n".join(asked.lines)
    words = "\n".join(line for line in asked.lines if _speaks(line))
    yield words
    yield from (_decoded(found) for found in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", text))
    yield codecs.decode(words, "rot13")
    yield "\n".join(line[::-1] for line in words.split("\n"))
    yield "".join(chr(code - 0xE0000) for code in _numbers(text) if code in _TAGS)
    yield re.sub(r"\s*\n#\s*", " ", words)  # an instruction split over lines


def _speaks(line: str) -> bool:
    return "#" in line or '"' in line or "'" in line or not re.search(r"[=|;$]", line)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "ignore")
    except (binascii.Error, ValueError):
        return ""


def _numbers(text: str) -> Sequence[int]:
    return [ord(mark) for mark in text if ord(mark) > 0xFFFF] or [int(code, 16) for code in _SHOWN.findall(text)]


MINDS: Final[Mapping[str, Mind]] = {
    "sensible": sensible,
    "obedient": obedient,
    "greedy": greedy,
    "lying": lying,
    "silent": lambda asked: nothing(),
}
