"""The CloudFormation template: linted, and what the first s2r's deployments lacked is there (B15, B16, B17)."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from s2r_service.model.catalogue import FILE, check_id, read_catalogue, shipped
from tests.service.stores import TABLES

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "lambda" / "template.yaml"


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as mappings."""


def short(loader: Any, suffix: str, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    return {suffix: loader.construct_sequence(node)}


Loader.add_multi_constructor("!", short)
STACK: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader)
RESOURCES: dict[str, Any] = STACK["Resources"]


def of_type(kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in RESOURCES.values() if each["Type"] == kind]


def statements() -> dict[str, Any]:
    (role,) = of_type("AWS::IAM::Role")
    return {each["Sid"]: each for each in role["Policies"][0]["PolicyDocument"]["Statement"]}


@pytest.mark.slow
def test_the_linter_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([str(linter), str(TEMPLATE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_url_has_both_permissions() -> None:
    found = {each["Action"]: each for each in of_type("AWS::Lambda::Permission")}
    assert found.keys() == {"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}  # B17
    assert found["lambda:InvokeFunctionUrl"]["FunctionUrlAuthType"] == "NONE"
    assert found["lambda:InvokeFunction"]["InvokedViaFunctionUrl"] is True


def test_the_model_is_an_inference_profile() -> None:
    default = STACK["Parameters"]["ModelProfileId"]["Default"]
    check_id(default)  # B15
    assert default == shipped().offer().model_id


def test_a_model_that_is_gone_has_another_behind_it() -> None:
    (function,) = of_type("AWS::Lambda::Function")
    environ = function["Environment"]["Variables"]
    assert environ["S2R_MODEL_FALLBACK"] == {"Ref": "FallbackProfileId"}
    parameters = {name: each.get("Default", "") for name, each in STACK["Parameters"].items()}
    made = read_catalogue(
        json.loads(FILE.read_text()),
        default_id=parameters["ModelProfileId"],
        allowed=environ["S2R_MODELS"].split(","),
        fallback=[parameters["FallbackProfileId"]],
    )
    assert made.ids() == (parameters["ModelProfileId"], parameters["FallbackProfileId"])
    resources = [each["Sub"] for each in statements()["Model"]["Resource"]]
    assert any(":inference-profile/${FallbackProfileId}" in each for each in resources)
    assert any(":bedrock:*::foundation-model/${FallbackModelId}" in each for each in resources)
    assert parameters["FallbackProfileId"].endswith(parameters["FallbackModelId"])


def test_profile_and_foundation_model_are_allowed_and_nothing_else() -> None:
    resources = [each["Sub"] for each in statements()["Model"]["Resource"]]
    assert any(":inference-profile/${ModelProfileId}" in each for each in resources)  # B16
    assert any(":bedrock:*::foundation-model/${FoundationModelId}" in each for each in resources)
    assert not any(each == "*" for found in statements().values() for each in found["Resource"])


def test_tables_have_the_keys_and_the_expiry_that_the_store_writes() -> None:
    tables = of_type("AWS::DynamoDB::Table")
    schemas = {tuple((key["AttributeName"], key["KeyType"]) for key in each["KeySchema"]) for each in tables}
    assert schemas == {TABLES["s2r-service"], TABLES["s2r-history"]}
    for each in of_type("AWS::DynamoDB::Table"):
        assert each["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}  # B06


def test_the_environment_is_one_that_the_service_reads() -> None:
    from s2r_service import assembly, settings

    (function,) = of_type("AWS::Lambda::Function")
    text = Path(settings.__file__).read_text() + Path(assembly.__file__).read_text()
    assert all(f'"{name}"' in text for name in function["Environment"]["Variables"])
    assert function["ReservedConcurrentExecutions"]
    assert function["Handler"] == "s2r_service.handler.handler"
