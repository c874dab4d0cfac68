"""Which files the prelude has to open for the script's streams: the judge's own reading of their names."""

from collections.abc import Mapping
from posixpath import isabs, join, normpath

from s2r_ci.model import NOTHING, ConversionRequest
from s2r_ci.runai.parts import quoted

_ID, _ARRAY, _INDEX = '"$S2R_ID"', '"$s2r_id"', '"$SLURM_ARRAY_TASK_ID"'
_NO_INDEX = "4294967294"  # what Slurm writes for %a outside of an array
_MOST_ZEROS = 10


def wanted(request: ConversionRequest) -> dict[str, Mapping[str, str]]:
    """The parts and the word of each: of files on a volume only, what else is written would die with the pod."""
    options = request.job.options
    parts: dict[str, Mapping[str, str]] = {}
    read, out, err = (options.get(name, "") for name in ("input", "output", "error"))
    later = " at the end" if options.get("open-mode", "")[:1] == "a" else ""
    if read and read != "/dev/null" and _stays(read, request):
        parts["input"] = {"file": _word(read, request)}
    if out and _stays(out, request):
        parts[f"output{later}"] = {"file": _word(out, request)}
        if not err:
            parts["error to output"] = NOTHING
    if err and _stays(err, request):
        parts[f"error{later}"] = {"file": _word(err, request)}
    return parts


def _stays(name: str, request: ConversionRequest) -> bool:
    where = _absolute(name, request)
    return name == "/dev/null" or any(_within(where, prefix) for prefix in request.target.site.volumes)


def _absolute(name: str, request: ConversionRequest) -> str:
    folder = request.target.working_directory
    return normpath(join(folder, request.job.options.get("chdir", ""), name)) if folder or isabs(name) else ""


def _within(path: str, prefix: str) -> bool:
    return f"{path}/".startswith(f"{prefix.rstrip('/')}/")


def _moved(name: str, request: ConversionRequest) -> str:
    """An absolute name where its volume is mounted in the pod."""
    volumes = request.target.site.volumes
    prefixes = [prefix for prefix in volumes if _within(name, prefix)] if isabs(name) else []
    if not prefixes:
        return name
    prefix = max(prefixes, key=lambda found: len(found.rstrip("/")))
    place = volumes[prefix].mount_path
    return place.rstrip("/") + name[len(prefix.rstrip("/")) :] if place else name


def _word(name: str, request: ConversionRequest) -> str:
    """Text in single quotes, what only the pod knows in double ones."""
    text, word, rest = "", "", _moved(name, request)
    while rest:
        mark, value, plain, rest = _next(rest, request)
        text += plain
        if mark:
            word += (quoted(text) if text else "") + value
            text = ""
    return word + (quoted(text) if text else "")


def _next(rest: str, request: ConversionRequest) -> tuple[bool, str, str, str]:
    """The next piece: whether it is a variable, its word, or its text; and what is left."""
    if rest[0] != "%":
        head, sign, tail = rest.partition("%")
        return False, "", head, sign + tail
    digits = ""
    at = 1
    while at < len(rest) and rest[at] in "0123456789":
        digits += rest[at]
        at += 1
    letter = rest[at : at + 1]
    left, width = rest[at + 1 :], min(int(digits or 0), _MOST_ZEROS)
    plain = {"x": request.job.name, "s": "batch", "n": "0".zfill(width), "t": "0".zfill(width)}
    if letter == "%" and not digits:
        return False, "", "%", left
    if letter in plain and letter:
        return False, "", plain[letter], left
    number = {"j": _ID, "A": _ARRAY, "a": _INDEX} if request.job.array is not None else {"j": _ID, "A": _ID}
    if letter in number and letter:
        return True, f'"$(printf %0{width}d {number[letter]})"' if width else number[letter], "", left
    if letter == "a":
        return False, "", _NO_INDEX, left
    found = {"J": _ID, "N": '"$S2R_HOST"', "u": '"$(id -un)"'}.get(letter, "")
    return (True, found, "", left) if found and letter else (False, "", rest[:at], rest[at:])
