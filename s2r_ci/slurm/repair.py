"""What the author evidently meant, where sbatch refuses a directive and there is one way to put it right.

Milder than Slurm, never different: only lines that sbatch refuses are touched, the finding stays an error and says
what is read in their place, and the repair counts only if sbatch would take the whole script after it. The file
itself is not changed; lines keep their numbers.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from s2r_ci.model import Finding, Level
from s2r_ci.slurm.getopt import DASHES
from s2r_ci.slurm.options import Catalogue, Option
from s2r_ci.slurm.troubles import RefusedError
from s2r_ci.slurm.values import READERS
from s2r_ci.slurm.words import KEYWORD, cut

_RENAMED: Final = {"workdir": "chdir", "share": "oversubscribe"}
_FREE: Final = frozenset({"text", "stream", "export", "array", "licenses"})  # kinds that take any text
_BINARY: Final = re.compile(r"(\d+)\s*([KMGT])(?:i|ib|b)?", re.IGNORECASE)
_DECIMAL: Final = re.compile(r"(\d+)\.(\d{1,6})([KMGTP])i?b?", re.IGNORECASE)
_MIB: Final = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2, "P": 1024**3}
_SPOKEN: Final = re.compile(
    r"(?:(\d+)d(?:ays?)?)?(?:(\d+)h(?:ours?|rs?)?)?(?:(\d+)m(?:in(?:ute)?s?)?)?(?:(\d+)s(?:ec(?:ond)?s?)?)?",
    re.IGNORECASE,
)
_UNIT_WORD: Final = re.compile(
    r"(?:[kmgtp]i?b?|bytes?|d(?:ays?)?|h(?:ours?|rs?)?|min(?:ute)?s?|sec(?:ond)?s?|s|w(?:eeks?)?|months?|nodes?|x)[,;.]?",
    re.IGNORECASE,
)
_YES: Final = frozenset({"yes", "true", "1", "on"})


class Repaired(NamedTuple):
    """The script with its refused lines put right, and what each of these lines is read as."""

    data: bytes
    lines: dict[int, str]  # number -> the directive that counts in its place


def repair(data: bytes, findings: Iterable[Finding], known: Catalogue) -> Repaired | None:
    """Put the lines right that findings refuse; None where one of them has no single evident meaning."""
    wrong = {f.location.line for f in findings if f.level is Level.ERROR}
    if not wrong or 0 in wrong:
        return None
    lines = data.split(b"\n")
    said: dict[int, str] = {}
    for number in sorted(wrong):
        if number > len(lines) or not lines[number - 1].startswith(KEYWORD):
            return None
        words = _line(lines[number - 1][len(KEYWORD) :], known)
        if words is None:
            return None
        said[number] = " ".join(["#SBATCH", *map(_quoted, words)])
        lines[number - 1] = said[number].encode("utf-8", "surrogateescape")
    return Repaired(b"\n".join(lines), said)


def _line(raw: bytes, known: Catalogue) -> list[str] | None:
    try:
        words = [piece.decode("utf-8", "surrogateescape") for piece, _, _ in cut(raw, known.release)]
    except RefusedError:
        return None
    done: list[str] = []
    at = 0
    while at < len(words):
        read = _option(words, at, known)
        if read is None:
            return None
        made, at = read
        done += made
        while at < len(words) and not words[at].startswith("-") and words[at][:1] not in DASHES:
            if not _is_remark(words[at], made, known):
                return None
            at += 1
    return done


def _option(words: Sequence[str], at: int, known: Catalogue) -> tuple[list[str], int] | None:
    """One option with its value, put right, and the place behind it."""
    word = _dashed(words[at], known)
    name, equals, value = word.partition("=")
    if not name.startswith("--"):
        return _short(word, words, at, known)
    option = _named(name[2:], known)
    if option is None:
        return None
    rest = list(words[at + 1 : at + 3])
    used = 1
    if option.argument == "none":
        return ([f"--{option.name}"], at + 1) if not equals or value.lower() in _YES else None
    if not equals and rest[:1] == ["="] and len(rest) > 1:
        value, used = rest[1], 3
    elif not equals and option.argument == "required" and rest:
        value, used = rest[0], 2
        if value.startswith("=") and option.kind not in _FREE:
            value = value[1:]
    elif equals and not value and rest and not rest[0].startswith("-") and option.argument == "required":
        value, used = rest[0], 2
    elif not equals and option.argument == "optional":
        if rest and not rest[0].startswith("-"):
            value, used = rest[0], 2
        else:
            return [f"--{option.name}"], at + 1
    elif not equals:
        return None
    following = words[at + used] if at + used < len(words) else ""
    if option.kind == "size" and value.isdigit() and _BINARY.fullmatch(value + following) and following:
        value, used = value + following, used + 1
    made = _long(option, value, known)
    return None if made is None else ([made], at + used)


def _long(option: Option, value: str, known: Catalogue) -> str | None:
    """The option with its value; a yes to one that needs none is left out."""
    settled = _value(option, value, known)
    if settled is None:
        return f"--{option.name}" if option.argument == "optional" and value.lower() in _YES else None
    return f"--{option.name}={settled}"


def _short(word: str, words: Sequence[str], at: int, known: Catalogue) -> tuple[list[str], int] | None:
    option = known.shorts.get(word[1:2]) if word.startswith("-") else None
    if option is None:
        return None
    if option.argument == "none":
        return ([word], at + 1) if all(known.shorts.get(x, option).argument == "none" for x in word[1:]) else None
    value, used = word[2:], 1
    if not value:
        if at + 1 >= len(words):
            return None
        value, used = words[at + 1], 2
    if value.startswith("=") and option.kind not in _FREE:
        value = value[1:]
    settled = _value(option, value, known)
    return None if settled is None else ([f"-{option.short}", settled], at + used)


def _dashed(word: str, known: Catalogue) -> str:
    """Typographic dashes, and one dash where two belong."""
    body = word.lstrip(DASHES + "-")
    name = body.partition("=")[0]
    if word == body or (word[0] == "-" and word[1:2] not in (*DASHES, "-") and name not in known.names):
        return word
    if len(name) > 1 and (word.startswith("--") or name in known.names):
        return f"--{body}"
    return f"-{body}" if len(word) - len(body) == 1 and word[0] in DASHES else word


def _named(name: str, known: Catalogue) -> Option | None:
    """The option of this name, or the only one that is one slip away from it."""
    plain = name.lower().replace("_", "-")
    for word in (name, plain, _RENAMED.get(name, "")):
        if option := known.names.get(word):
            return option
    near = {known.names[other].means: other for other in known.names if len(plain) > 2 and _one_slip(plain, other)}
    if len(near) == 1:
        return known.names[next(iter(near.values()))]
    fits = [other for other in known.names if other.startswith(name)]
    return known.names[fits[0]] if len(fits) == 1 else None


def _one_slip(a: str, b: str) -> bool:
    """One letter more, less, another, or two neighbours swapped."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return False
    if len(a) == len(b):
        differ = [place for place, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
        swapped = len(differ) == 2 and differ[1] == differ[0] + 1
        return len(differ) == 1 or (swapped and a[differ[0]] == b[differ[1]] and a[differ[1]] == b[differ[0]])
    short, long = sorted((a, b), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def _value(option: Option, value: str, known: Catalogue) -> str | None:
    """The value as it stands where sbatch takes it, else the one it evidently means."""
    read = READERS.get(option.kind)
    if read is None or option.kind == "moment":
        return value
    for candidate in (value, value.strip(), value.rstrip(";,"), _other(option.kind, value)):
        if not candidate and value:
            continue
        try:
            read(candidate, known.release)
        except RefusedError:
            continue
        return candidate
    return None


def _other(kind: str, value: str) -> str:
    rewrite = _REWRITES.get(kind)
    return rewrite(value.strip()) if rewrite else ""


def _size(value: str) -> str:
    """Gi and GiB are what Slurm calls G; a fraction counts where it is a whole number of MiB."""
    if found := _BINARY.fullmatch(value):
        return f"{found[1]}{found[2].upper()}"
    if found := _DECIMAL.fullmatch(value):
        mib = float(f"{found[1]}.{found[2]}") * _MIB[found[3].upper()]
        return f"{int(mib)}M" if mib == int(mib) and mib else ""
    if value[:-1].isdigit() and value[-1:] in "pP":
        return f"{int(value[:-1]) * 1024}T"
    return ""


def _duration(value: str) -> str:
    """``4h``, ``2d``, ``90min``, ``1h30m``."""
    found = _SPOKEN.fullmatch(value)
    if not found or not any(found.groups()) or value.isdigit():
        return ""
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return f"{days}-{hours:02}:{minutes:02}:{seconds:02}"


_WAITS: Final = {"yes": "1", "true": "1", "on": "1", "no": "0", "false": "0", "off": "0"}
_REWRITES: Final[dict[str, Callable[[str], str]]] = {
    "size": _size,
    "duration": _duration,
    "delay": _duration,
    "kill-on-invalid-dep": lambda value: {"1": "yes", "0": "no"}.get(_WAITS.get(value.lower(), value), ""),
    "wait-all-nodes": lambda value: _WAITS.get(value.lower(), ""),
}


def _is_remark(word: str, before: Sequence[str], known: Catalogue) -> bool:
    """A word of a remark behind a complete option: no number, no unit, no more of a list or of a free text."""
    last = before[-1] if before else ""
    if not last or ("=" not in last and len(before) < 2) or last.endswith((",", "=")):
        return False
    name = before[0].lstrip("-").partition("=")[0]
    option = known.names.get(name) or known.shorts.get(name)
    if option is None or option.kind in _FREE:
        return False
    return (word[:1].isalpha() and not _UNIT_WORD.fullmatch(word) and "=" not in word) or word[:1] in "(["


def _quoted(word: str) -> str:
    if word and not re.search(r"[\s#\"'\\]", word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
