"""The judge as a whole: a file and a test for every rule, findings where they belong, and nothing makes it fall."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2r_ci import rules
from s2r_ci.convert.rules import RulesConverter
from s2r_ci.errors import ConversionError
from s2r_ci.model import ConversionRequest, Level, Location, Manifest, Script, Site, Stage, Target, Volume
from s2r_ci.slurm.job import read_script
from s2r_ci.verify import CHECKS, decided, verify
from tests.verify.good import GONE, SHAPES, asked, changed, manifest

EXAMPLES = Path(__file__).parents[1] / "examples" / "slurm"
HERE = Path(__file__).parent
JUDGED = {rule for rule, _ in CHECKS} | decided.RULES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


def test_every_rule_of_the_judge_is_in_its_table() -> None:
    named = {rule for rule in rules.RULES.values() if rule.stage in (Stage.VERIFY, Stage.POLICY)}
    assert named == JUDGED


@pytest.mark.parametrize("rule", sorted(rule.id for rule in JUDGED))
def test_a_rule_is_a_file_and_a_test(rule: str) -> None:
    decisions = {each.id: "decided" for each in decided.RULES}
    word = {"policy-violated": "policy", **decisions}.get(rule, rule.replace("-", "_"))
    assert (HERE.parents[1] / "s2r_ci" / "verify" / f"{word}.py").is_file()
    assert (HERE / f"test_{word}.py").is_file()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_good_manifest_has_no_findings(shape: str) -> None:
    assert verify(asked(shape), manifest(shape), "m.yaml") == []


def test_a_breach_stands_on_the_line_of_the_script() -> None:
    found = verify(asked(), manifest("job", {"spec.template.spec.activeDeadlineSeconds": 60}), "m.yaml")
    assert [(finding.rule.id, str(finding.location), finding.subject) for finding in found] == [
        ("time-limit-dropped", "jobs/train.sbatch:3", "time")
    ]


def test_a_breach_without_a_line_stands_on_the_line_of_the_manifest() -> None:
    body = manifest("job", {"spec.template.spec.hostPID": True}).body
    lines: dict[tuple[str | int, ...], int] = {("spec",): 4, ("spec", "template", "spec", "hostPID"): 9}
    (finding,) = verify(asked(), Manifest(body=body, lines=lines), "m.yaml")
    assert finding.location == Location(path="m.yaml", line=9)


def test_a_manifest_of_another_kind_is_judged_by_the_policy_alone() -> None:
    found = verify(asked(), manifest("job", {"kind": "Pod"}), "m.yaml")
    assert {finding.rule.id for finding in found} == {"kind-changed", "policy-violated"}


def test_what_was_betrayed_is_an_error_and_policy_refuses() -> None:
    assert {rule.id for rule in JUDGED if rule.level is not Level.ERROR} == {
        "image-tag-loose",
        "decision-made",
        "script-patched",
    }


SITE = Site(
    partitions={"gpu": ("p1", "p2")},
    gpus={"a100": {"nvidia.com/gpu.product": "NVIDIA-A100"}},
    volumes={"/data": Volume(claim="data"), "/scratch": Volume(claim="scratch")},
)
TARGETS = {
    "bare": Target(),
    "answered": Target(
        image="registry.example.com/ml/train:1.0",
        memory_mib=8192,
        working_directory="/data/lab",
        project="vision",
        namespace="runai-vision",
        gpus=4,
        arguments=("a", "$$b", "$(HOME)"),
        variables={"DATA": "x", "LD_PRELOAD": "y"},
        site=SITE,
    ),
    "mounted": Target(image="registry.example.com/a:1", body_delivery="mounted", working_directory="/w"),
}


@pytest.mark.parametrize("target", TARGETS)
def test_what_our_own_converter_writes_keeps_every_promise(target: str) -> None:
    judged = 0
    for path in sorted(EXAMPLES.iterdir()):
        script = Script(path=f"jobs/{path.name}", data=path.read_bytes())
        for job in read_script(script).jobs:
            request = ConversionRequest(script=script, job=job, target=TARGETS[target])
            try:
                result = RulesConverter().convert(request)
            except ConversionError:
                continue
            if "secret" not in path.name:  # such a script gets no manifest
                assert verify(request, result.manifest, "m.yaml") == [], path.name
                judged += 1
    assert judged > 30


@given(JSON)
@settings(deadline=None, max_examples=300)
def test_no_json_makes_it_fall(body: Any) -> None:
    assert verify(asked(), Manifest(body=body), "m.yaml")


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, ...]] = []
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        inner += [(*path, key), *_places(value, (*path, key))]
    return inner


@given(st.sampled_from(sorted(SHAPES)), st.data(), JSON)
@settings(deadline=None, max_examples=500, suppress_health_check=[HealthCheck.too_slow])
def test_no_mutant_makes_it_fall(shape: str, data: st.DataObject, value: Any) -> None:
    body = changed(SHAPES[shape][1](), {})
    *above, last = data.draw(st.sampled_from(_places(body)))
    node: Any = body
    for step in above:
        node = node[step]
    node[last] = value
    assert isinstance(verify(asked(shape), Manifest(body=body), "m.yaml"), list)


def test_a_missing_root_is_told() -> None:
    assert {f.rule.id for f in verify(asked(), Manifest(body=None), "m")} >= {"kind-changed"}
    assert verify(asked(), manifest("job", {"spec": GONE}), "m")
