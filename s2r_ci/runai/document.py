"""The manifest as a file: a header that says where it came from, the notes of its conversion, and the YAML.

::

    # s2r-ci manifest
    #   tool: 0.1.0
    #   mapping: 1                        what these scripts mean to us; a new number makes manifests stale
    #   source: jobs/train.sh
    #   source sha256: 6b86b273...
    #   settings digest: 0123456789abcdef
    #   converter: rules                  or service: who wrote it
    #   target: kubernetes
    #   model: us.anthropic...            and prompt: only where a model decided something
    #   submit: runai workload submit --file train.sh.runai.yaml -p team-a
    #   content sha256: 4e074085...       of every octet below this line
    #
    # kind: Job
    # ledger: 9 exact, 2 approximate     how many things that the script says ended how
    # finding: warning | late-directive | 12:1 | partition | the message | the reason of an ignore
    # question: image | 3 | Which image? | image = "..." in [tool.s2r-ci]     the question, and its finding
    #
    apiVersion: batch/v1
    ...

Only the standard library: a manifest that is current is recognised without YAML, schemas or grammars.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from s2r_ci.model import Finding, Location, Question
from s2r_ci.rules import QUESTION_OPEN, RULES

MAPPING_VERSION: Final = 1
MARKER: Final = "# s2r-ci manifest"

_MARKER: Final = MARKER.encode()
_BOM: Final = b"\xef\xbb\xbf"
_LONGEST_HEADER: Final = 64  # lines; ours has eleven


class Stamp(NamedTuple):
    """Where a manifest came from. Digests are SHA-256 in hex; that of the settings has sixteen digits."""

    tool_version: str = ""
    mapping_version: int = 0
    source: str = ""
    source_digest: str = ""
    settings_digest: str = ""
    converter: str = ""
    target: str = ""
    content_digest: str = ""
    model: str = ""  # the id of the model that decided something; empty: none did
    prompt: str = ""  # version and digest of what it was told


class Notes(NamedTuple):
    """What the conversion reported, so that a look at a current manifest reports it again."""

    kind: str = ""
    findings: tuple[Finding, ...] = ()
    questions: tuple[Question, ...] = ()
    ledger: str = ""  # counts, for people


class Document(NamedTuple):
    """A file that begins with our marker. ``intact``: everything below the header is as it was written, and its
    notes can be read; where it is not, ``notes`` is empty. ``content`` is what stands below the header, which
    has ``header_lines`` lines.
    """

    stamp: Stamp
    content: bytes
    intact: bool
    notes: Notes = Notes()
    submit: str = ""
    header_lines: int = 0


_LABELS: Final = {
    "tool": "tool_version",
    "mapping": "mapping_version",
    "source": "source",
    "source sha256": "source_digest",
    "settings digest": "settings_digest",
    "converter": "converter",
    "target": "target",
    "content sha256": "content_digest",
    "model": "model",
    "prompt": "prompt",
}
_WIDTH: Final = len("settings digest:")


def is_ours(data_prefix: bytes) -> bool:
    """Do these first octets of a file say that it is a manifest of ours, whatever became of it since?"""
    start = data_prefix.removeprefix(_BOM)
    return start.startswith(_MARKER) and start[len(_MARKER) : len(_MARKER) + 1] in (b"", b"\n", b"\r")


# --- writing -----------------------------------------------------------------------------------------------


def write_document(stamp: Stamp, notes: Notes, submit: str, yaml_text: str) -> bytes:
    """The octets of the file. The stamp's own ``content_digest`` is not looked at."""
    content = f"{_notes_text(notes, stamp.source)}{yaml_text}".encode()
    values = {
        "tool": stamp.tool_version,
        "mapping": str(stamp.mapping_version),
        "source": stamp.source,
        "source sha256": stamp.source_digest,
        "settings digest": stamp.settings_digest,
        "converter": stamp.converter,
        "target": stamp.target,
        **{name: value for name, value in (("model", stamp.model), ("prompt", stamp.prompt)) if value},
        "submit": submit,
        "content sha256": hashlib.sha256(content).hexdigest(),
    }
    header = "".join(f"#   {label + ':':<{_WIDTH}} {_escaped(value)}\n" for label, value in values.items())
    return f"{MARKER}\n{header}".encode() + content


def _notes_text(notes: Notes, source: str) -> str:
    """A question says its finding too, so each is written once; ``asked`` is one without."""
    asked = {question_open(question): question for question in notes.questions}
    told = [asked[finding] for finding in notes.findings if finding in asked]
    if told != list(notes.questions[: len(told)]):
        asked, told = {}, []  # in another order, which the lines could not tell
    lines = [f"# kind: {_escaped(notes.kind)}"]
    lines += [f"# ledger: {_escaped(notes.ledger)}"] if notes.ledger else []
    for finding in notes.findings:
        if question := asked.get(finding):
            lines.append(_line("question", _question_fields(question, source)))
        else:
            lines.append(_line("finding", _finding_fields(finding, source)))
    lines += [_line("asked", _question_fields(question, source)) for question in notes.questions[len(told) :]]
    return "\n".join(["#", *lines, "#", ""])


def question_open(question: Question) -> Finding:
    """The finding that tells of an open question."""
    return Finding(
        rule=QUESTION_OPEN,
        message=f"{question.text}; answer: {question.answer}",
        location=question.location,
        subject=question.key,
    )


def _finding_fields(finding: Finding, source: str) -> Iterator[str]:
    yield finding.level.word
    yield finding.rule.id
    yield _place(finding.location)
    yield finding.subject
    yield finding.message
    yield finding.suppression
    yield _elsewhere(finding.location, source)


def _question_fields(question: Question, source: str) -> Iterator[str]:
    yield question.key
    yield _place(question.location)
    yield question.text
    yield question.answer
    yield _elsewhere(question.location, source)


def _line(word: str, values: Iterable[str]) -> str:
    return f"# {word}: {' | '.join(map(_escaped, values))}".rstrip(" |")


def _place(location: Location) -> str:
    return f"{location.line}:{location.column}" if location.column else str(location.line)


def _elsewhere(location: Location, source: str) -> str:
    """The path, where it is not that of the source."""
    return "" if location.path == source else f"at {location.path}"


# --- reading -----------------------------------------------------------------------------------------------


def read_document(data: bytes) -> Document | None:
    """The parts of a manifest file, or None where it does not begin with our marker. Never raises.

    A header that was damaged gives what is left of it, and is not intact.
    """
    if not is_ours(data[:64]):
        return None
    found, end, count = _header(data)
    content = data[end:]
    stamp = _stamp(found)
    intact = hashlib.sha256(content).hexdigest() == stamp.content_digest and data.startswith(_MARKER + b"\n")
    notes = _read_notes(content, stamp.source) if intact else None
    return Document(
        stamp=stamp,
        content=content,
        intact=notes is not None,
        notes=notes or Notes(),
        submit=found.get("submit", ""),
        header_lines=count,
    )


def _header(data: bytes) -> tuple[dict[str, str], int, int]:
    """Values by label, the offset behind the header, and the number of its lines."""
    found: dict[str, str] = {}
    start = data.find(b"\n") + 1 or len(data)
    count = 1
    while count < _LONGEST_HEADER and data.startswith(b"#   ", start):
        end = data.find(b"\n", start) + 1 or len(data)
        label, _, value = data[start:end].decode("utf-8", "replace")[4:].partition(":")
        found[label] = _unescaped(value.strip(" \r\n"))
        start, count = end, count + 1
        if label == "content sha256":
            break
    return found, start, count


def _stamp(found: Mapping[str, str]) -> Stamp:
    values: dict[str, Any] = {name: found.get(label, "") for label, name in _LABELS.items()}
    mapping = values["mapping_version"]
    values["mapping_version"] = int(mapping) if mapping.isdecimal() and len(mapping) < 10 else 0
    return Stamp(**values)


def _read_notes(content: bytes, source: str) -> Notes | None:
    """The notes, or None where one cannot be read: its rule is gone or has another level now."""
    kind, ledger, findings, questions = "", "", [], []
    for raw in _notes_lines(content):
        word, _, rest = raw.partition(":")
        if word == "kind":
            kind = _unescaped(rest.strip(" "))
            continue
        if word == "ledger":
            ledger = _unescaped(rest.strip(" "))
            continue
        values = [_unescaped(value.strip(" ")) for value in rest.split("|")]
        note = _FORMS[word](values, source) if word in _FORMS else None
        if isinstance(note, Finding):
            findings.append(note)
        elif isinstance(note, Question):
            questions.append(note)
            if word == "question" and (found := question_open(note)) not in findings:
                findings.append(found)
        else:
            return None
    return Notes(kind=kind, findings=tuple(findings), questions=tuple(questions), ledger=ledger)


def _notes_lines(content: bytes) -> Iterator[str]:
    """The comment lines between the two bare ``#``, without their ``# ``."""
    if not content.startswith(b"#\n"):
        return
    end = content.find(b"\n#\n", 1)
    for line in content[2 : end if end >= 0 else len(content)].split(b"\n"):
        yield line.decode("utf-8", "replace").removeprefix("# ")


def _finding(values: Sequence[str], source: str) -> Finding | None:
    level, rule_id, place, subject, message, suppression, path = [*values, *[""] * (7 - len(values))][:7]
    rule = RULES.get(rule_id)
    location = _location(place, path, source)
    if rule is None or location is None or rule.level.word != level:
        return None
    return Finding(rule=rule, message=message, location=location, subject=subject, suppression=suppression)


def _question(values: Sequence[str], source: str) -> Question | None:
    key, place, text, answer, path = [*values, *[""] * (5 - len(values))][:5]
    location = _location(place, path, source)
    return Question(key=key, text=text, location=location, answer=answer) if location else None


_FORMS: Final = {"finding": _finding, "question": _question, "asked": _question}


def _location(place: str, path: str, source: str) -> Location | None:
    line, _, column = place.partition(":")
    if not (line.isdecimal() and (column or "0").isdecimal() and len(place) < 30):
        return None
    return Location(path=path[3:] if path else source, line=int(line), column=int(column or 0))


# --- values that share a line ------------------------------------------------------------------------------

_UNSAFE: Final = (
    "[\x00-\x1f\\\\|\x7f-\xa0\xad\u061c\u200b-\u200f\u2028-\u202f\u205f-\u206f\ud800-\udfff\ufeff\ufff0-\uffff"
    "\U000e0000-\U000e0fff]|^ | \\Z"
)
_ESCAPE: Final = r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))"


def _escaped(text: str) -> str:
    """One line without ``|``, from which ``_unescaped`` gives back every character, lone surrogates too."""
    simple = text.isascii() and text.isprintable() and "|" not in text and "\\" not in text
    return text if simple and text == text.strip(" ") else re.sub(_UNSAFE, _code, text)


def _code(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _unescaped(text: str) -> str:
    return re.sub(_ESCAPE, _char, text) if "\\" in text else text


def _char(found: re.Match[str]) -> str:
    code = int(found[1] or found[2] or found[3], 16)
    return chr(code) if code < 0x110000 else found[0]
