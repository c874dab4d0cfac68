"""The ground floor is in parts; nobody who imports from it has to know."""

import pickle
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import get_type_hints

import pytest

from s2r_ci import model
from s2r_ci.model import Finding, JobSpec, Level, Location, Report, Target, Verdict
from s2r_ci.rules import RULES

ROOT = Path(__file__).parents[2]
NAMES = [name for names in model.PARTS.values() for name in names]
FINDING = Finding(rule=RULES["script-refused"], message="no", location=Location(path="a.sh", line=3))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_found_and_can_be_read_by_the_wire(name: str) -> None:
    kind = getattr(model, name)
    assert kind.__name__ == name
    if is_dataclass(kind):
        every = {each: getattr(model, each) for each in NAMES}
        assert set(get_type_hints(kind, localns=every)) >= {field.name for field in fields(kind)}


def test_the_type_checker_sees_the_same_names() -> None:
    text = (ROOT / "s2r_ci/model/__init__.py").read_text()
    for part, names in model.PARTS.items():
        for name in names:
            assert f"from s2r_ci.model.{part} import {name} as {name}\n" in text


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"'s2r_ci\.model' has no attribute 'Manifesto'"):
        model.Manifesto  # type: ignore[attr-defined] # noqa: B018


@pytest.mark.parametrize(
    ("name", "loaded"),
    [
        pytest.param("Finding", {"run"}, id="a run's"),
        pytest.param("Target", {"target"}, id="a target's"),
        pytest.param("JobSpec", {"job", "run"}, id="a job's, which has places"),
        pytest.param("Manifest", {"manifest"}, id="a manifest's"),
    ],
)
def test_a_name_loads_its_own_part_and_no_other(name: str, loaded: set[str]) -> None:
    code = f"from s2r_ci.model import {name}; import sys; print(*(m for m in sys.modules if 's2r_ci.model.' in m))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {f"s2r_ci.model.{part}" for part in loaded}


def test_values_travel_between_processes() -> None:
    report = Report(tool_version="1", verdicts=(Verdict(path="a.sh", findings=(FINDING,)),), fail_on=Level.NOTE)
    assert pickle.loads(pickle.dumps(report)) == report
    assert pickle.loads(pickle.dumps(Target(image="x"))) == Target(image="x")
    assert replace(FINDING, suppression="known").suppression == "known"


def test_a_job_says_where_it_comes_from() -> None:
    assert JobSpec.__module__ == "s2r_ci.model.job"
