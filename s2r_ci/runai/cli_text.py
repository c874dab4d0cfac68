"""The text of the target ``cli``: a POSIX shell script of one call, both ways.

Only one layout is written, and only that one is read: a flag a line, every value quoted as a shell takes it, an
array as a loop around the call. Reading gives back the body that was written, or says on which line it differs.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from s2r_ci.errors import MalformedReplyError
from s2r_ci.model import Manifest
from s2r_ci.patterns import lazy
from s2r_ci.runai.cli import INDEX

LARGEST: Final = 1_048_576  # octets; more is no call that a system would start
_KIND: Final = lazy(r"(standard|pytorch|mpi)")
_NAME: Final = lazy(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_FLAG: Final = lazy(r"  --([a-z][a-z0-9-]*)(=)?")
_WORD: Final = lazy(r"(?:[A-Za-z0-9_@%+=:,./-]|'[^']*'|\"'\")+")
_WHOLE: Final = lazy(r"0|[1-9][0-9]{0,9}")
_LOOP: Final = 'index=0\nwhile [ "$index" -lt {} ]; do\n'
_LOOP_READ: Final = lazy(r'index=0\nwhile \[ "\$index" -lt ([1-9][0-9]{0,6}) \]; do\n')
_LOOP_END: Final = "index=$((index + 1))\ndone\n"
_INDEXED: Final = f'  --environment-variable={INDEX}="$index" \\\n'
_CONTINUED: Final = " \\\n"
_NUMBERS: Final = frozenset(
    {"workers", "slots-per-worker", "backoff-limit", "gpu-devices-request", "master-gpu-devices-request"}
)
_MANY: Final = frozenset(
    {"node-pools", "exclude-node", "annotation", "extended-resource", "master-extended-resource"}
    | {
        "environment-variable",
        "master-environment-variable",
        "env-pod-field-ref",
        "existing-pvc",
        "empty-dir-volume",
    }
)


def write_cli(body: Mapping[str, Any], comments: Mapping[tuple[str | int, ...], str] | None = None) -> str:
    """The script. ``comments`` by the steps of a flag stand above the call, where nothing continues."""
    indexes = body.get("indexes", 0)
    said = {str(steps[-1]): text for steps, text in (comments or {}).items() if steps[:1] == ("flags",)}
    lines = [f"# --{flag}: {text}\n" for flag, text in said.items()]
    lines += ["set -eu\n", _LOOP.format(indexes) if indexes else ""]
    name = shlex.quote(body["metadata"]["name"]) + ('-"$index"' if indexes else "")
    lines.append(f"runai training {body['kind']} submit {name}{_CONTINUED}")
    lines += [_INDEXED] if indexes else []
    words = " ".join(shlex.quote(word) for word in body.get("words", ()))
    flags = [line for flag, value in body["flags"].items() for line in _flag_lines(flag, value)]
    lines.append(_CONTINUED.join(flags + ([f"  -- {words}"] if words else [])) + "\n")
    lines.append(_LOOP_END if indexes else "")
    return "".join(lines)


def _flag_lines(flag: str, value: Any) -> Iterator[str]:
    if value is True:
        yield f"  --{flag}"
    else:
        for each in value if isinstance(value, list) else [value]:
            yield f"  --{flag}={shlex.quote(str(each))}"


_PIECE: Final = lazy(r"'([^']*)'|\"'\"")


def _unquoted(piece: re.Match[str]) -> str:
    return "'" if piece[1] is None else piece[1]


# --- reading -----------------------------------------------------------------------------------------------


def read_cli(data: bytes, *, where: str = "") -> Manifest:
    """The call that a script makes, with the line of every flag.

    :raises MalformedReplyError: it is not UTF-8, too large, or not laid out as ``write_cli`` does.
    """
    if len(data) > LARGEST:
        raise MalformedReplyError(f"the script has {len(data):,} octets, the limit is {LARGEST:,}", where=where)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise MalformedReplyError("the script is not UTF-8", where=where, hint="write it anew") from None
    return _Reader(text, where).manifest()


class _Reader:
    """Goes through one text from its first line to its last."""

    def __init__(self, text: str, where: str) -> None:
        self._text = text
        self._where = where
        self._at = 0
        self._lines: dict[tuple[str | int, ...], int] = {}

    def manifest(self) -> Manifest:
        while self._text.startswith(("#", "\n"), self._at):
            self._at = self._text.find("\n", self._at) + 1 or len(self._text)
        self._expect("set -eu\n")
        loop = self._match(_LOOP_READ)
        self._expect("runai training ")
        body: dict[str, Any] = {"kind": self._need(_KIND, "standard, pytorch or mpi")[0]}
        self._expect(" submit ")
        self._mark(())
        self._mark(("metadata", "name"))
        body["metadata"] = {"name": self._need(_NAME, "the name of the workload")[0]}
        self._expect(('-"$index"' if loop else "") + _CONTINUED)
        if loop:
            self._expect(_INDEXED)
        body["flags"] = self._flags(body)
        if loop:
            body["indexes"] = int(loop[1])
            self._expect(_LOOP_END)
        if self._at != len(self._text):
            self._refuse("the end of the script")
        return Manifest(body=body, lines=self._lines)

    def _flags(self, body: dict[str, Any]) -> dict[str, Any]:
        flags: dict[str, Any] = {}
        while found := self._match(_FLAG):
            self._flag(flags, found[1], self._value() if found[2] else True)
            if not self._match(re.compile(r" \\\n")):
                self._expect("\n")
                return flags
        self._expect("  -- ")
        self._mark(("words",))
        body["words"] = [self._value()]
        while self._text.startswith(" ", self._at):
            self._at += 1
            body["words"].append(self._value())
        self._expect("\n")
        return flags

    def _flag(self, flags: dict[str, Any], name: str, value: str | bool) -> None:
        self._mark(("flags", name))
        if name in _MANY and isinstance(value, str):
            flags.setdefault(name, []).append(value)
        elif name in flags:
            self._refuse(f"--{name} once")
        else:
            number = name in _NUMBERS and isinstance(value, str) and _WHOLE.fullmatch(value)
            flags[name] = int(value) if number else value

    def _value(self) -> str:
        raw = self._need(_WORD, "a value that is quoted for the shell")[0]
        return _PIECE.sub(_unquoted, raw)

    def _mark(self, steps: tuple[str | int, ...]) -> None:
        self._lines.setdefault(steps, self._text.count("\n", 0, self._at) + 1)

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _need(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        return self._match(pattern) or self._refuse(what)

    def _expect(self, text: str) -> None:
        if not self._text.startswith(text, self._at):
            self._refuse(repr(text.strip(" ")))
        self._at += len(text)

    def _refuse(self, what: str) -> Any:
        line = self._text.count("\n", 0, self._at) + 1
        place = f"{self._where}:{line}" if self._where else f"line {line}"
        raise MalformedReplyError(
            f"{what} belongs here",
            where=place,
            hint="put the line right, or let `s2r-scan write --overwrite` do it",
        )
