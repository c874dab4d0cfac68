"""One list of settings: table, class, schema and environment; and one opinion of what is valid."""

import dataclasses
import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2r_ci.errors import ConfigurationError
from s2r_ci.settings import KEYS, Settings, SettingsTree, keys, resolve
from s2r_ci.settings.files import SettingsFile
from s2r_ci.settings.places import Place, Source
from s2r_ci.settings.tree import _read_file
from tools import settings_schema

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads(settings_schema.PATH.read_text(encoding="utf-8"))
EXAMPLES = ROOT / "schemas" / "examples" / "settings.v1"
ACCEPTED = sorted((EXAMPLES / "accepted").glob("*.toml"))
REFUSED = sorted((EXAMPLES / "refused").glob("*.toml"))
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)


def test_the_schema_is_the_one_that_the_table_gives() -> None:
    assert settings_schema.PATH.read_text(encoding="utf-8") == settings_schema.text(), "run: make tables"


def test_table_class_and_schema_name_the_same_settings() -> None:
    fields = {field.name.replace("_", "-") for field in dataclasses.fields(Settings)}
    assert set(KEYS) == fields == set(SCHEMA["properties"])
    assert not set(keys.SECRETS) & fields


def test_every_setting_has_its_variable_except_the_tables() -> None:
    assert {key.name for key in KEYS.values() if not key.variable} == {"site", "answers"}
    assert KEYS["fail-on"].variable == "S2R_FAIL_ON"


@pytest.mark.parametrize("name", KEYS)
def test_every_default_is_valid_and_every_setting_is_explained(name: str) -> None:
    described = SCHEMA["properties"][name]
    assert described["description"].endswith(".")
    if "default" in described:
        assert VALIDATOR.is_valid({name: described["default"]})


def refusal(folder: Path, environ: dict[str, str] | None = None) -> ConfigurationError | None:
    """Any other exception fails the test."""
    try:
        resolve(folder, {}, environ or {})
    except ConfigurationError as error:
        return error
    return None


def read(text: str, folder: Path) -> SettingsTree:
    (folder / "s2r-ci.toml").write_text(text, encoding="utf-8")
    return resolve(folder, {}, {})


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_what_the_schema_accepts_is_read(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert VALIDATOR.is_valid(tomllib.loads(text))
    read(text, tmp_path)


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_what_the_schema_refuses_is_refused(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not VALIDATOR.is_valid(tomllib.loads(text))
    with pytest.raises(ConfigurationError):
        read(text, tmp_path)


def test_the_whole_example_holds_every_setting() -> None:
    assert set(tomllib.loads((EXAMPLES / "accepted" / "whole.toml").read_text(encoding="utf-8"))) == set(KEYS)


# --- whatever comes in --------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "32G",
        "8 GiB",
        "a:1",
        "/data",
        "data",
        "{name}.y",
        "../{name}.y",
        "warning",
        "2.25",
        "x\n",
        "",
        "a/b",
        "..",
        "A",
    ]
)
TEXTS = WORDS | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
# JSON Schema takes 2.0 for a whole number; TOML does not, and neither do we
FRACTIONS = st.floats(allow_nan=False, allow_infinity=False, width=16).filter(lambda number: number % 1 != 0)
LEAVES = TEXTS | st.booleans() | st.integers(-2, 2000) | FRACTIONS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
LABELS = st.dictionaries(TEXTS, TEXTS, max_size=2)
VOLUMES = TEXTS | st.fixed_dictionaries({}, optional=dict.fromkeys(keys.VOLUME_KEYS, LEAVES))
SITES = st.fixed_dictionaries(
    {},
    optional={
        "partitions": st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS, max_size=2), max_size=2),
        "accounts": st.dictionaries(TEXTS, TEXTS, max_size=2),
        "qos": st.dictionaries(TEXTS, st.dictionaries(st.sampled_from(["priority", "x"]), LEAVES), max_size=2),
        "gpus": st.dictionaries(TEXTS, LABELS, max_size=2),
        "features": st.dictionaries(TEXTS, LABELS, max_size=2),
        "modules": LABELS,
        "volumes": st.dictionaries(TEXTS, VOLUMES, max_size=2),
        "gres": LABELS,
    },
)
ANSWERS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(keys.ANSWER_KEYS, VALUES)), max_size=2)


@st.composite
def of_settings(draw: st.DrawFn) -> dict[str, object]:
    """Some settings with any values. One strategy for all, written out, would be too long for hypothesis to show."""
    names = draw(st.sets(st.sampled_from(sorted(KEYS)), max_size=8))
    return {name: draw({"site": SITES, "answers": ANSWERS}.get(name, VALUES)) for name in sorted(names)}


DOCUMENTS = of_settings() | st.dictionaries(st.sampled_from([*KEYS, "token", "x"]), VALUES, max_size=3)


@given(DOCUMENTS)
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_reader_and_schema_agree_on_every_document(document: dict[str, object]) -> None:
    file = SettingsFile(place=Place(source=Source(name="s2r-ci.toml")), folder="", base="", table=document)
    try:
        _read_file(file)
        read_it = True
    except ConfigurationError:
        read_it = False
    assert read_it == VALIDATOR.is_valid(document)


@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_octets_raise_anything_but_our_own_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "s2r-ci.toml").write_bytes(data)
    error = refusal(tmp_path)
    assert error is None or error.where.startswith("s2r-ci.toml")
    assert str(error).replace("\n  hint: ", "").isprintable()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "[" * 100_000, id="deep list"),
        pytest.param("a = " + "{a=" * 50_000, id="deep table"),
        pytest.param("jobs = " + "9" * 5_000, id="endless number"),
        pytest.param("[" + "a." * 20_000 + "a]", id="deep header"),
        pytest.param("max-files = 0x" + "f" * 9_000, id="endless hexadecimal"),
        pytest.param("jobs = 2024-13-45", id="impossible day"),
        pytest.param("jobs = 2024-12-24", id="a day"),
        pytest.param("jobs = nan", id="not a number"),
        pytest.param('exclude = ["' + '", "'.join("a" * 10_001) + '"]', id="endless list"),
        pytest.param('"\\u0000" = 1', id="NUL as a key"),
        pytest.param('"\\u001b[2J" = 1', id="terminal command as a key"),
    ],
)
def test_hostile_documents_end_in_a_short_plain_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text, tmp_path)
    assert len(str(caught.value)) < 1500
    assert str(caught.value).replace("\n", "").isprintable()


@given(
    st.dictionaries(st.sampled_from([key.variable for key in KEYS.values() if key.variable]), st.text(max_size=20))
)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_environment_raises_anything_but_our_own_error(tmp_path: Path, environ: dict[str, str]) -> None:
    error = refusal(tmp_path, environ)
    assert error is None or error.where in environ
