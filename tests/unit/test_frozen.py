"""A frozen value does what a frozen dataclass does; only its class costs less."""

import copy
import dataclasses
import pickle
import pprint
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.frozen import defaults, field, frozen, names_of, replace
from tests.architecture.test_floors import MODULES

ROOT = Path(__file__).parents[2]


@frozen
class Share:
    """What is compared with ``Pattern`` below."""

    name: str
    parts: tuple[int, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    note: Any = field(default=None, repr=False)

    @property
    def first(self) -> int:
        return self.parts[0]


@frozen
class Sum:
    parts: tuple[int, ...]

    @cached_property
    def whole(self) -> int:
        return sum(self.parts)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    name: str
    parts: tuple[int, ...] = ()
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    note: Any = dataclasses.field(default=None, repr=False)


SHARE: Any = Share(name="a")
GIVEN: list[dict[str, Any]] = [
    {"name": "a"},
    {"name": "a", "parts": (1, 2)},
    {"name": "a", "labels": {"x": "y"}},
    {"name": "a", "note": 3},
    {"note": None, "name": "b"},
]


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_a_value_is_made_and_shown_as_a_dataclass_is(given: dict[str, Any]) -> None:
    value, pattern = Share(**given), Pattern(**given)
    assert repr(value) == repr(pattern).replace("Pattern", "Share")
    assert dataclasses.asdict(value) == dataclasses.asdict(pattern)
    assert [getattr(value, name) for name in names_of(value)] == list(dataclasses.astuple(pattern))


@pytest.mark.parametrize("one", GIVEN, ids=str)
@pytest.mark.parametrize("other", GIVEN, ids=str)
def test_values_are_equal_where_dataclasses_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = Pattern(**one) == Pattern(**other)
    assert (Share(**one) == Share(**other)) is same
    assert (Share(**one) != Share(**other)) is not same
    different: object = Pattern(**one)
    assert Share(**one) != different


def test_values_hash_by_their_fields() -> None:
    assert hash(Sum(parts=(1, 2))) == hash(Sum(parts=(1, 2)))
    assert len({Sum(parts=(1,)), Sum(parts=(1,)), Sum(parts=(2,))}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Share(name="a"))  # as that of a dataclass that holds a dict


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({}, "missing 1 required keyword-only argument: 'name'", id="missing"),
        pytest.param({"name": "a", "size": 1}, "unexpected keyword argument 'size'", id="unknown"),
    ],
)
def test_a_wrong_making_is_told_in_the_words_of_python(given: dict[str, Any], said: str) -> None:
    for kind in (Share, Pattern):
        with pytest.raises(TypeError, match=said):
            kind(**given)


def test_no_field_is_given_by_position() -> None:
    with pytest.raises(TypeError, match="positional"):
        Share("a")  # type: ignore[call-arg]


def test_a_first_value_that_fails_spoils_nothing() -> None:
    @frozen
    class Fresh:
        one: int

    with pytest.raises(TypeError):
        Fresh()  # type: ignore[call-arg]
    assert Fresh(one=1).one == 1


def test_a_value_never_changes() -> None:
    value = Share(name="a")
    for name in ("name", "size"):
        with pytest.raises(dataclasses.FrozenInstanceError, match=f"{name}.*replace"):
            setattr(value, name, "b")
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(value, name)
    assert not hasattr(value, "__dict__")


def test_a_default_that_can_change_is_made_for_each_value() -> None:
    assert Share(name="a").labels is not Share(name="a").labels


def test_another_value_is_made_with_replace() -> None:
    value = Share(name="a", parts=(4,))
    assert replace(value, name="b") == dataclasses.replace(value, name="b") == Share(name="b", parts=(4,))
    assert replace(value).first == 4
    assert SHARE.__replace__(name="b") == Share(name="b")
    with pytest.raises(TypeError, match="size"):
        replace(value, size=1)  # type: ignore[call-arg]


def test_what_is_worked_out_is_kept_and_no_part_of_the_value() -> None:
    value = Sum(parts=(1, 2))
    assert value.whole == 3
    assert "whole" in vars(value)
    assert value == Sum(parts=(1, 2))
    assert repr(value) == "Sum(parts=(1, 2))"
    assert replace(value, parts=(5,)).whole == 5


@pytest.mark.parametrize("carry", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_values_are_carried_whole(carry: Any) -> None:
    value = Share(name="a", labels={"x": "y"})
    assert carry(value) == value
    assert carry(Sum(parts=(1,))).whole == 1


def test_who_looks_for_a_dataclass_finds_one() -> None:
    assert dataclasses.is_dataclass(Share)
    pairs = zip(dataclasses.fields(Share), dataclasses.fields(Pattern), strict=True)
    for mine, theirs in pairs:
        for name in ("name", "type", "default", "default_factory", "repr", "compare", "init", "kw_only"):
            assert getattr(mine, name) == getattr(theirs, name)
    assert "name='a'" in pprint.pformat(SHARE)


def test_fields_and_defaults_are_told() -> None:
    assert names_of(Share) == ("name", "parts", "labels", "note")
    told = defaults(Share)
    assert {name: told[name] for name in ("parts", "labels", "note")} == {"parts": (), "labels": {}, "note": None}
    assert told["name"] not in ("", None, ())


def test_a_match_takes_a_value_apart_by_name() -> None:
    match Share(name="a", parts=(1, 2)):
        case Share(name=name, parts=(first, *_)):
            assert (name, first) == ("a", 1)


def test_every_value_of_the_package_can_be_described_and_made() -> None:
    kinds = [
        each
        for module in MODULES
        if module.startswith("s2r_ci.") and not module.endswith("__main__")
        for each in vars(import_module(module)).values()
        if isinstance(each, type) and each.__module__ == module and hasattr(each, "_members")
    ]
    assert len(kinds) > 40
    for kind in kinds:
        assert tuple(each.name for each in dataclasses.fields(kind)) == names_of(kind)
        value = kind(**dict.fromkeys(names_of(kind), 0))
        assert replace(value) == value
        assert repr(value).startswith(f"{kind.__qualname__}(")


def test_the_module_loads_nothing_that_reads_source_code() -> None:
    code = "import sys; import s2r_ci.frozen; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"dataclasses", "inspect", "ast", "tokenize"} & set(done.stdout.split())
