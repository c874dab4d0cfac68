"""Settings files: find one in a folder, read it safely, hand back its table."""

import os
import re
import stat
from collections.abc import Mapping
from typing import Final, NamedTuple

from s2r_ci.errors import ConfigurationError
from s2r_ci.settings.places import Place, Source

OWN: Final = "s2r-ci.toml"
SHARED: Final = "pyproject.toml"
ANSWERS: Final = "s2r-answers.toml"  # answers that comments gave: the tool's own file, which people may edit
_WITHIN: Final = ("tool", "s2r-ci")
_LARGEST: Final = 1_048_576  # octets of a settings file
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_WHERE: Final = r"\s*\(at (?:line (\d+), column \d+|end of document)\)\Z"


class SettingsFile(NamedTuple):
    """What a settings file says, and where it lies. ``folder`` is relative to the scanned root, ``base`` is what
    relative paths in it count from.
    """

    place: Place
    folder: str
    base: str
    table: Mapping[str, object]


def find_file(root: str, folder: str) -> SettingsFile | None:
    """The settings file of a folder below the root, or None. Two of them are an error that names both."""
    base = os.path.join(root, folder) if folder else root
    prefix = f"{folder}/" if folder else ""
    own = _read(f"{base}/{OWN}", f"{prefix}{OWN}", root)
    shared = _read(f"{base}/{SHARED}", f"{prefix}{SHARED}", root)
    table = _table_in_pyproject(shared, f"{prefix}{SHARED}") if shared is not None else None
    if own is None:
        if shared is None or table is None:
            return None
        place = Place(source=Source(name=f"{prefix}{SHARED}", text=_decoded(shared), within=_WITHIN))
        return SettingsFile(place=place, folder=folder, base=base, table=table)
    if table is not None:
        raise ConfigurationError(
            f"{prefix}{OWN} and {prefix}{SHARED} both hold settings",
            where=f"{prefix}{OWN}",
            hint=f"keep one: move the settings of [tool.s2r-ci] to {OWN}, or delete {OWN}",
        )
    place = Place(source=Source(name=f"{prefix}{OWN}", text=_decoded(own)))
    return SettingsFile(place=place, folder=folder, base=base, table=_parse(own, f"{prefix}{OWN}"))


def answers_file(root: str) -> SettingsFile | None:
    """The file of answers at the root, or None. It holds answers and nothing else."""
    data = _read(f"{root}/{ANSWERS}", ANSWERS, root)
    if data is None:
        return None
    place = Place(source=Source(name=ANSWERS, text=_decoded(data)))
    table = _parse(data, ANSWERS)
    if other := sorted(set(table) - {"answers"}):
        place.step(other[0]).unknown(("answers",), hint=f"other settings stand in {OWN}")
    return SettingsFile(place=place, folder="", base=root, table=table)


def named_file(root: str, name: str) -> SettingsFile:
    """The file that ``--config`` or ``S2R_CONFIG`` names; it has to be there.

    Globs in it count from its folder where that lies below the root, else from the root.
    """
    data = _read(name, name, None)
    if data is None:
        raise ConfigurationError("there is no such settings file", where=name, hint="name a file with --config")
    base = os.path.dirname(name) or "."
    inside = os.path.relpath(os.path.realpath(base), os.path.realpath(root)).replace(os.sep, "/")
    folder = "" if inside == "." or inside.split("/")[0] == ".." else inside
    if os.path.basename(name) == SHARED:
        table = _table_in_pyproject(data, name)
        if table is None:
            raise ConfigurationError("the file has no table [tool.s2r-ci]", where=name, hint="add the table")
        place = Place(source=Source(name=name, text=_decoded(data), within=_WITHIN))
    else:
        table = _parse(data, name)
        place = Place(source=Source(name=name, text=_decoded(data)))
    return SettingsFile(place=place, folder=folder, base=base, table=table)


def _read(path: str, name: str, root: str | None) -> bytes | None:
    """The octets of a regular file; None where there is none. A link out of the root is refused."""
    try:
        handle = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as error:
        raise ConfigurationError("the name of the settings file holds a NUL", where=ascii(name)) from error
    except OSError as error:
        raise _unreadable(name, error) from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ConfigurationError("the settings file is not a regular file", where=name)
        with open(handle, "rb", closefd=False) as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise _unreadable(name, error) from error
    finally:
        os.close(handle)
    if len(data) > _LARGEST:
        raise ConfigurationError(f"the settings file is larger than {_LARGEST:,} octets", where=name)
    if root is not None and os.path.islink(path) and not _below(path, root):
        raise ConfigurationError(
            "the settings file is a link that leads out of the repository",
            where=name,
            hint="name the file with --config",
        )
    return data


def _unreadable(name: str, error: OSError) -> ConfigurationError:
    reason = error.strerror or "unknown reason"
    return ConfigurationError(f"the settings file cannot be read: {reason}", where=name, hint="make it readable")


def _below(path: str, root: str) -> bool:
    top = os.path.realpath(root)
    return os.path.commonpath([top, os.path.realpath(path)]) == top


def _table_in_pyproject(data: bytes, name: str) -> Mapping[str, object] | None:
    """``[tool.s2r-ci]``; a file that does not even hold our name is not parsed: it may be anyone's."""
    if b"s2r-ci" not in data:
        return None
    tools = _parse(data, name).get("tool")
    table = tools.get("s2r-ci") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigurationError("tool.s2r-ci must be a table", where=name, hint="write [tool.s2r-ci]")
    return table


def _parse(data: bytes, name: str) -> Mapping[str, object]:
    import tomllib  # paid only where a settings file exists

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError("the file is not UTF-8", where=f"{name}:{line}") from error
    except (ValueError, RecursionError) as error:
        raise _syntax_error(data, name, error) from error


def _syntax_error(data: bytes, name: str, error: Exception) -> ConfigurationError:
    if isinstance(error, RecursionError):
        return ConfigurationError("the file nests too deeply", where=name)
    said = str(error)
    found = re.search(_WHERE, said)
    line = int(found[1]) if found and found[1] else data.count(b"\n") + 1
    reason = re.sub(_WHERE, "", said)[:200].encode("ascii", "backslashreplace").decode()
    reason = "".join(letter if letter.isprintable() else "?" for letter in reason)
    return ConfigurationError(
        f"this is not TOML: {reason}", where=f"{name}:{line}", hint="see toml.io for the syntax"
    )


def _decoded(data: bytes) -> str:
    return data.decode("utf-8-sig", "replace")
