"""The tables of the settings: the site map, and the answers per script glob."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeVar

from s2r_ci.model import Service, Site, Volume
from s2r_ci.settings import keys
from s2r_ci.settings.places import Place
from s2r_ci.settings.values import (
    MOST,
    read_choice,
    read_number,
    read_switch,
    read_table,
    read_text,
    read_texts,
)

_T = TypeVar("_T")


class Answer(NamedTuple):
    """What a person said about the scripts that the globs name. ``values`` holds only what was said."""

    folder: str  # of the settings file, relative to the root; "" is the root
    scripts: tuple[str, ...]  # globs relative to the folder
    values: Mapping[str, object]  # field name of Target -> value
    place: Place  # where it stands

    def without(self, names: set[str]) -> "Answer":
        """The answer without what a nearer layer says."""
        return self._replace(values={name: value for name, value in self.values.items() if name not in names})


def read_site(value: object, place: Place) -> dict[str, Mapping[str, object]]:
    """The site map by field of :class:`s2r_ci.model.Site`; only what is said."""
    table = read_table(value, place, keys.SITE_KEYS)
    return {name: _READERS[name](entries, place.step(name)) for name, entries in table.items()}


def make_site(tables: Mapping[str, Mapping[str, object]]) -> Site:
    """The site map as a value."""
    return Site(**tables)  # type: ignore[arg-type]  # read_site has checked every table


def read_answers(value: object, place: Place, folder: str) -> tuple[Answer, ...]:
    """The list of answers, in the order of the file; a later one counts instead of an earlier one."""
    if not isinstance(value, list):
        place.wrong("a list of tables", value, hint="write [[tool.s2r-ci.answers]] ([[answers]] in s2r-ci.toml)")
    if len(value) > MOST:
        place.wrong(f"a list of at most {MOST:,} tables", value)
    return tuple(_answer(each, place.step(i), folder) for i, each in enumerate(value))


def _answer(value: object, place: Place, folder: str) -> Answer:
    table = read_table(value, place, keys.ANSWER_KEYS)
    if "scripts" not in table:
        place.wrong("a table with the key scripts", value, hint='say which scripts: scripts = "jobs/**"')
    said = table["scripts"]
    globs = read_texts([said] if isinstance(said, str) else said, place.step("scripts"), keys.FILLED, "a glob")
    if not globs:
        place.step("scripts").wrong("at least one glob", said)
    values = {
        name.replace("-", "_"): _answered(name, each, place.step(name))
        for name, each in table.items()
        if name != "scripts"
    }
    return Answer(folder=folder, scripts=globs, values=values, place=place)


def _answered(name: str, value: object, place: Place) -> object:
    match name:
        case "gpus":
            return read_number(value, place, 0, keys.MOST_GPUS)
        case "arguments":
            return read_texts(value, place, keys.ANY, "text without NUL")
        case "options":
            return read_texts(value, place, keys.OPTION, keys.OPTION_SAYS)
        case "mounts":
            return read_texts(value, place, keys.ABSOLUTE, "the absolute path of a volume of the site map")
        case "accepted":
            return read_texts(value, place, keys.QUESTION, keys.QUESTION_SAYS)
        case "variables":
            return _named(value, place, _variable, keys.VARIABLE, "named with letters, digits and '_'")
        case _:
            key = keys.KEYS[name]
            return read_text(value, place, key.pattern, key.expects)


def _variable(value: object, place: Place) -> str:
    return read_text(value, place, keys.ANY, "text without NUL")


def _named(
    value: object, place: Place, read: Callable[[object, Place], _T], pattern: str = keys.FILLED, says: str = ""
) -> dict[str, _T]:
    """A table of the user's own names."""
    found = {}
    for name, each in read_table(value, place).items():
        here = place.step(name)
        read_text(name, here, pattern, says or "named without control characters")
        found[name] = read(each, here)
    return found


def _pools(value: object, place: Place) -> tuple[str, ...]:
    pools = read_texts([value] if isinstance(value, str) else value, place, keys.LABEL, "the name of a node pool")
    if not pools:
        place.wrong("at least one node pool", value)
    return pools


def _project(value: object, place: Place) -> str:
    return read_text(value, place, keys.FULL_NAME, keys.NAME_SAYS)


def _service(value: object, place: Place) -> Service:
    table = read_table(value, place, keys.SERVICE_KEYS)
    words = {"priority": keys.PRIORITIES, "preemptibility": keys.PREEMPTIBILITIES}
    return Service(**{name: read_choice(each, place.step(name), words[name]) for name, each in table.items()})


def _labels(value: object, place: Place) -> dict[str, str]:
    labels = _named(value, place, _label, keys.LABEL_KEY, "the key of a node label, such as nvidia.com/gpu.product")
    if not labels:
        place.wrong("at least one node label", value)
    return labels


def _label(value: object, place: Place) -> str:
    return read_text(value, place, keys.LABEL, "a label value: letters, digits, '-', '_' and '.', at most 63")


def _image(value: object, place: Place) -> str:
    return read_text(value, place, keys.FULL_IMAGE, keys.IMAGE_SAYS)


def _volume(value: object, place: Place) -> Volume:
    if isinstance(value, str):
        return Volume(claim=read_text(value, place, keys.CLAIM, keys.CLAIM_SAYS))
    table = read_table(value, place, keys.VOLUME_KEYS)
    if "claim" not in table:
        place.wrong("a table with the key claim", value, hint='name the PersistentVolumeClaim: claim = "data"')
    return Volume(
        claim=read_text(table["claim"], place.step("claim"), keys.CLAIM, keys.CLAIM_SAYS),
        mount_path=read_text(table.get("mount-path", ""), place.step("mount-path"), keys.FOLDER, keys.FOLDER_SAYS),
        sub_path=read_text(
            table.get("sub-path", ""), place.step("sub-path"), keys.SUB_PATH, "a relative path without '..'"
        ),
        read_only=read_switch(table.get("read-only", False), place.step("read-only")),
    )


def _partitions(value: object, place: Place) -> dict[str, tuple[str, ...]]:
    return _named(value, place, _pools)


def _accounts(value: object, place: Place) -> dict[str, str]:
    return _named(value, place, _project)


def _qos(value: object, place: Place) -> dict[str, Service]:
    return _named(value, place, _service)


def _label_tables(value: object, place: Place) -> dict[str, dict[str, str]]:
    return _named(value, place, _labels)


def _gpus(value: object, place: Place) -> dict[str, dict[str, str]]:
    return {model.lower(): labels for model, labels in _label_tables(value, place).items()}


def _modules(value: object, place: Place) -> dict[str, str]:
    return _named(value, place, _image)


def _volumes(value: object, place: Place) -> dict[str, Volume]:
    return _named(value, place, _volume, keys.ABSOLUTE, "named by the absolute path on the old cluster")


def _gres(value: object, place: Place) -> dict[str, str]:
    return _named(value, place, _resource)


def _resource(value: object, place: Place) -> str:
    return read_text(value, place, keys.RESOURCE, "an extended resource, such as example.com/fpga")


_READERS: Final[Mapping[str, Callable[[object, Place], Mapping[str, object]]]] = {
    "partitions": _partitions,
    "accounts": _accounts,
    "qos": _qos,
    "gpus": _gpus,
    "features": _label_tables,
    "modules": _modules,
    "volumes": _volumes,
    "gres": _gres,
}
