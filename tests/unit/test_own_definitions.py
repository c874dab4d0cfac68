"""A site's own definitions count instead of the shipped schemas: setting ``crd``."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2r_ci.errors import ConfigurationError
from s2r_ci.model import Manifest, Target
from s2r_ci.runai.digests import target_digest
from s2r_ci.runai.yaml import write_yaml
from s2r_ci.validate import validate
from s2r_ci.validate.custom import Kind, definitions
from tests.acceptance.conftest import Repository
from tests.verify.good import SHAPES, changed, manifest
from tools.admission.structural import CRDS, definition

TORCH = "manifest.pytorchjob.v1"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def file(tmp_path: Path) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        path = tmp_path / "crd.yaml"
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return str(path)

    return write


def without(name: str, field: str) -> dict[str, Any]:
    """Our definition of a kind as a site would have it whose release lacks a field of ``spec``."""
    made = definition(name)
    made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"].pop(field)
    return made


def troubles(body: Any, *crd: str) -> list[str]:
    return [finding.message for finding in validate(Manifest(body=body), "m.yaml", crd=crd)]


@pytest.mark.parametrize("name", CRDS)
def test_every_definition_of_ours_is_read(name: str, file: Callable[[Any], str]) -> None:
    group, version, kind, _ = CRDS[name]
    assert list(definitions((file(definition(name)),))) == [Kind(f"{group}/{version}", kind)]


@pytest.mark.parametrize("shape", SHAPES)
def test_good_manifests_keep_definitions_made_from_our_schemas(shape: str, file: Callable[[Any], str]) -> None:
    every = {"kind": "List", "items": [definition(name) for name in CRDS]}
    assert troubles(manifest(shape).body, file(every)) == []


def test_a_field_that_the_site_lacks_is_named_and_without_the_file_it_is_fine(file: Callable[[Any], str]) -> None:
    body = manifest("pytorch").body
    assert troubles(body) == []
    assert troubles(body, file(without(TORCH, "runPolicy"))) == ["spec.runPolicy is not a field of this kind"]


def test_a_field_that_only_the_site_knows_is_fine(file: Callable[[Any], str]) -> None:
    made = definition(TORCH)
    made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["ours"] = {
        "type": "string",
        "nullable": True,
    }
    body = changed(manifest("pytorch").body, {"spec.ours": "x"})
    assert troubles(body)
    assert troubles(body, file(made)) == []
    assert troubles(changed(body, {"spec.ours": None}), file(made)) == []
    assert troubles(changed(body, {"spec.ours": 7}), file(made)) == ["spec.ours is 7; it must be a string or null"]


def test_another_version_or_kind_is_left_to_the_shipped_schema(file: Callable[[Any], str]) -> None:
    made = without(TORCH, "runPolicy")
    made["spec"]["versions"][0]["name"] = "v2"
    assert troubles(manifest("pytorch").body, file(made)) == []
    assert troubles(manifest("job").body, file(made)) == []


def test_of_a_version_that_is_not_served_nothing_counts(file: Callable[[Any], str]) -> None:
    made = definition(TORCH)
    made["spec"]["versions"].append({**without(TORCH, "runPolicy")["spec"]["versions"][0], "served": False})
    assert troubles(manifest("pytorch").body, file(made)) == []


def test_yaml_of_several_documents_is_read(file: Callable[[Any], str]) -> None:
    import yaml

    text = yaml.safe_dump_all([definition(name) for name in CRDS])
    assert len(definitions((file(text),))) == len(CRDS)


_LETTERS = "abcdefghijklmnop"
BOMB = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in itertools.pairwise(_LETTERS))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "defines no kind", id="empty"),
        pytest.param("a: [", "neither YAML nor JSON", id="no yaml"),
        pytest.param("{", "neither YAML nor JSON", id="no json"),
        pytest.param("kind: Deployment", "something else", id="another kind"),
        pytest.param("kind: CustomResourceDefinition", "is missing from its spec", id="without a spec"),
        pytest.param("kind: CustomResourceDefinition\nspec: {versions: [7]}", "is missing from", id="no shape"),
        pytest.param("kind: List\nitems: [3]", "something else", id="a list of numbers"),
        pytest.param(BOMB, "something else", id="aliases"),
        pytest.param("x" * (4 * 1024 * 1024 + 1), "octets", id="too large"),
    ],
)
def test_a_wrong_file_is_said_plainly(text: str, says: str, file: Callable[[Any], str]) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        definitions((file(text),))
    assert "crd.yaml" in caught.value.where
    assert "kubectl get crd" in caught.value.hint


@pytest.mark.parametrize("pattern", [{"type": 7}, {"pattern": "("}, {"minimum": "x"}])
def test_a_schema_that_is_none_is_said_plainly(pattern: dict[str, Any], file: Callable[[Any], str]) -> None:
    made = definition(TORCH)
    made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] = pattern
    with pytest.raises(ConfigurationError, match="the schema of PyTorchJob is none"):
        definitions((file(made),))


def test_a_schema_that_holds_itself_ends(file: Callable[[Any], str]) -> None:
    text = (
        "kind: CustomResourceDefinition\nspec:\n  group: g.io\n  names: {kind: K}\n  versions:\n  - name: v1\n"
        "    schema:\n      openAPIV3Schema: &a\n        type: object\n        properties: {again: *a}\n"
    )
    with pytest.raises(ConfigurationError, match="too deep"):
        definitions((file(text),))


def test_the_file_changes_no_digest_for_it_writes_nothing() -> None:
    assert target_digest(Target(crd=("a.yaml",))) == target_digest(Target())


def test_the_command_takes_it_by_option_and_setting(repository: Repository, file: Callable[[Any], str]) -> None:
    repository.write("m.yaml", write_yaml(manifest("pytorch").body))
    lacks = file(without(TORCH, "runPolicy"))
    assert repository.run("validate", "m.yaml").returncode == 0
    done = repository.run("validate", "--crd", lacks, "m.yaml")
    assert (done.returncode, "spec.runPolicy is not a field of this kind" in done.stdout) == (1, True)
    repository.write("s2r-ci.toml", f'crd = ["{lacks}"]\n')
    assert repository.run("validate", "m.yaml").returncode == 1


def test_a_wrong_file_ends_the_run_with_2(repository: Repository, file: Callable[[Any], str]) -> None:
    repository.write("m.yaml", write_yaml(manifest("pytorch").body))
    for path in (file("kind: Deployment"), "/nowhere/crd.yaml"):
        done = repository.run("validate", "--crd", path, "m.yaml")
        assert done.returncode == 2
        assert path in done.stderr
