"""The four layers: defaults of the class, files, environment, arguments; the later wins, key by key."""

import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from s2r_ci.errors import ConfigurationError
from s2r_ci.model import NOTHING, Level, Target
from s2r_ci.settings.files import SettingsFile, answers_file, find_file, named_file
from s2r_ci.settings.keys import CONVERSION, KEYS, SECRETS, Key
from s2r_ci.settings.places import Place, Source
from s2r_ci.settings.settings import Settings
from s2r_ci.settings.site import Answer, make_site, read_answers, read_site
from s2r_ci.settings.values import key_of, parse_value, read_table, read_value

PREFIX: Final = "S2R_"
_VARIABLES: Final = {key.variable: key for key in KEYS.values() if key.variable}
_OTHER_VARIABLES: Final = frozenset({"S2R_CONFIG", "S2R_SHARED_SECRET", "S2R_SHARED_SECRET_FILE", "S2R_TOKEN"})
_PATHS: Final = ("baseline", "paths", "crd", "format")
_GLOBS: Final = ("include", "exclude")


class _Layer(NamedTuple):
    """What one or more sources say, checked. ``site`` is kept by table, so that layers merge name by name."""

    values: Mapping[str, object] = NOTHING  # field name -> value
    site: Mapping[str, Mapping[str, object]] = NOTHING
    answers: tuple[Answer, ...] = ()

    def under(self, nearer: "_Layer") -> "_Layer":
        """Both layers; where both say something, ``nearer`` counts, over answers too."""
        said = set(nearer.values)
        tables = {*self.site, *nearer.site}
        return _Layer(
            values={**self.values, **nearer.values},
            site={name: {**self.site.get(name, {}), **nearer.site.get(name, {})} for name in sorted(tables)},
            answers=(*(answer.without(said) for answer in self.answers), *nearer.answers),
        )

    def settings(self) -> Settings:
        values: dict[str, Any] = dict(self.values)
        if "fail_on" in values:
            values["fail_on"] = Level[str(values["fail_on"]).upper()]
        return Settings(**values, site=make_site(self.site), answers=self.answers)


class SettingsTree:
    """The settings of a run, and of each script in it."""

    def __init__(self, root: str, files: _Layer, outside: _Layer) -> None:
        self._root = root
        self._outside = outside
        self.settings: Final = files.under(outside).settings()  # of the run
        self._folders: dict[str, tuple[_Layer, Settings]] = {"": (files, self.settings)}

    def for_script(self, path: str) -> Settings:
        """The settings for a script, by its path relative to the root; the same object for the same settings.

        Raises ConfigurationError where a settings file above the script is wrong.
        """
        return self._folder(path.rpartition("/")[0])[1]

    def target_for(self, path: str) -> Target:
        """What the manifest of a script depends on, its answers applied."""
        return self.for_script(path).target_for(path)

    def _folder(self, folder: str) -> tuple[_Layer, Settings]:
        missing = []
        while folder not in self._folders:
            missing.append(folder)
            above = folder.rpartition("/")[0]
            if folder.startswith("/") or folder.split("/", 1)[0] == "..":
                above = ""  # outside the root, only the run's own settings count
                missing.pop()
                self._folders[folder] = self._folders[""]
            folder = above
        known = self._folders[folder]
        for each in reversed(missing):
            file = find_file(self._root, each) if each.rpartition("/")[2] not in ("", ".", "..") else None
            if file is not None:
                layer = known[0].under(_read_file(file, only=CONVERSION))
                known = (layer, layer.under(self._outside).settings())
            self._folders[each] = known
        return known


def resolve(
    root: str | os.PathLike[str], arguments: Mapping[str, object], environ: Mapping[str, str]
) -> SettingsTree:
    """Read the settings of a run over ``root``.

    ``arguments`` are named as settings or as fields, None where not given, ``config`` for an explicit file.
    ``environ`` is the whole environment. Raises ConfigurationError and nothing else.
    """
    root = os.fspath(root)
    named = arguments.get("config") or environ.get("S2R_CONFIG")
    file = named_file(root, str(named)) if named else find_file(root, "")
    files = _read_file(file) if file is not None else _Layer()
    if (given := answers_file(root)) is not None:
        files = files.under(_read_file(given))
    outside = _read_environment(environ).under(_read_arguments(arguments))
    return SettingsTree(root, files, outside)


def from_environment(environ: Mapping[str, str]) -> Settings:
    """The settings that the environment gives, over the defaults; no file is read. Raises ConfigurationError."""
    return _read_environment(environ).settings()


def _read_file(file: SettingsFile, only: str = "") -> _Layer:
    values: dict[str, object] = {}
    site: Mapping[str, Mapping[str, object]] = {}
    answers: tuple[Answer, ...] = ()
    for name, value in read_table(file.table, file.place).items():
        place = file.place.step(name)
        _refuse_secrets(name, place)
        if name == "tool" and not file.place.source.within:
            place.unknown(KEYS, hint="in this file the settings stand at the top, without [tool.s2r-ci]")
        key = key_of(name, place)
        if only and key.scope != only:
            _refuse_run_key(key, place)
        if key.kind == "site":
            site = read_site(value, place)
        elif key.kind == "answers":
            answers = read_answers(value, place, file.folder)
        else:
            values[key.field] = _from_file(key, read_value(key, value, place), file)
    return _Layer(values=values, site=site, answers=answers)


def _from_file(key: Key, value: object, file: SettingsFile) -> object:
    """A value with its relative paths and globs made to count from where the rest of the code stands."""
    if key.name in _GLOBS and isinstance(value, tuple):
        return tuple(_glob_from(glob, file.folder) for glob in value)
    if key.name == "baseline" and value:
        return _path_from(str(value), file.base)
    if key.name in ("paths", "crd") and isinstance(value, tuple):
        return tuple(_path_from(path, file.base) for path in value)
    if key.name == "format" and isinstance(value, tuple):
        pairs = (each.partition("=") for each in value)
        return tuple(word + (sign + _path_from(path, file.base) if sign else "") for word, sign, path in pairs)
    return value


def _path_from(path: str, base: str) -> str:
    return path if path == "-" or base == "." else os.path.normpath(os.path.join(base, path))


def _glob_from(glob: str, folder: str) -> str:
    """A glob of a settings file in ``folder``, as it reads from the root."""
    if not folder:
        return glob
    escaped = "".join(f"\\{letter}" if letter in "*?[]\\" else letter for letter in folder)
    return f"{escaped}/{glob.lstrip('/')}" if "/" in glob.rstrip("/") else f"{escaped}/**/{glob}"


def _read_environment(environ: Mapping[str, str]) -> _Layer:
    values: dict[str, object] = {}
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        key = _VARIABLES.get(name)
        if key is None:
            _refuse_misspelt(name)
        elif environ[name].strip():  # the Action hands over an empty input as an empty variable
            place = Place(source=Source(name=name), steps=(key.name,))
            values[key.field] = parse_value(key, environ[name], place)
    return _Layer(values=values)


def _refuse_misspelt(name: str) -> None:
    """Refuse a variable that is nearly ours; S2R_ variables of other tools are none of our business."""
    if name in _OTHER_VARIABLES:
        return
    from difflib import get_close_matches

    if near := get_close_matches(name, _VARIABLES, n=1, cutoff=0.85):
        raise ConfigurationError("unknown setting in the environment", where=name, hint=f"did you mean {near[0]}?")


def _read_arguments(arguments: Mapping[str, object]) -> _Layer:
    values: dict[str, object] = {}
    for given, value in arguments.items():
        name = given.replace("_", "-")
        if value is None or name == "config":
            continue
        place = Place(source=Source(name=f"--{name}"), steps=(name,))
        _refuse_secrets(name, place)
        key = key_of(name, place)
        if not key.variable:
            raise ConfigurationError(
                f"{name} cannot be an argument", where=f"--{name}", hint="say it in a settings file"
            )
        by_word = isinstance(value, str) and key.kind not in ("text", "texts", "choice")
        values[key.field] = parse_value(key, str(value), place) if by_word else read_value(key, value, place)
    return _Layer(values=values)


def _refuse_secrets(name: str, place: Place) -> None:
    if name in SECRETS:
        variable = f"{PREFIX}{name.upper().replace('-', '_')}"
        raise ConfigurationError(
            f"{name} is a secret and is not read from settings or arguments",
            where=str(place),
            hint=f"take it out of here and give it by the environment variable {variable}",
        )


def _refuse_run_key(key: Key, place: Place) -> None:
    raise ConfigurationError(
        f"{key.name} belongs to the whole run and cannot be set for one folder",
        where=str(place),
        hint="move it to the settings file at the root; a folder may set: "
        + ", ".join(sorted(name for name, each in KEYS.items() if each.scope == CONVERSION)),
    )
