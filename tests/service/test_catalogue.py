"""Which models a deployment offers: data, held to what Amazon Bedrock takes."""

import json
from typing import Any

import pytest

from s2r_ci.errors import ConfigurationError
from s2r_service.model.catalogue import FILE, check_id, read_catalogue, shipped

DATA = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_shipped_catalogue() -> None:
    catalogue = shipped()
    assert catalogue.default == "sonnet"
    assert catalogue.offer().model_id == "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert {"haiku", "opus", "nova-micro", "nova-lite", "nova-pro"} < set(catalogue.offers)
    for offer in catalogue.offers.values():
        check_id(offer.model_id)
        assert offer.name
        assert offer.output_price > offer.input_price > 0
    assert len({offer.model_id for offer in catalogue.offers.values()}) == len(catalogue.offers)


@pytest.mark.parametrize(
    "model_id",
    [
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "us.anthropic.claude-sonnet-4-6",
        "apac.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:us-west-2:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc123",
    ],
)
def test_an_inference_profile_is_taken(model_id: str) -> None:
    check_id(model_id)


@pytest.mark.parametrize(
    "model_id",
    [
        pytest.param("anthropic.claude-sonnet-4-5-20250929-v1:0", id="B15: the bare id"),
        "amazon.nova-pro-v1:0",
        "",
        "sonnet",
        "us.",
        "us.Anthropic.claude",
        "us.anthropic.claude sonnet",
        "us.anthropic.claude\n",
        "xx.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
    ],
)
def test_an_id_that_cannot_work_stops_the_start(model_id: str) -> None:
    with pytest.raises(ConfigurationError, match="inference profile"):
        check_id(model_id)


def test_a_global_profile_is_opt_in() -> None:
    with pytest.raises(ConfigurationError, match="any commercial Region"):
        check_id("global.anthropic.claude-sonnet-4-5-20250929-v1:0")
    check_id("global.anthropic.claude-sonnet-4-5-20250929-v1:0", allow_global=True)


def test_a_deployment_cuts_the_list_down_and_sets_its_own_default() -> None:
    made = read_catalogue(DATA, default="haiku", allowed=["haiku", "nova-pro"], fallback=["nova-pro"])
    assert set(made.offers) == {"haiku", "nova-pro"}
    assert made.ids() == (made.offers["haiku"].model_id, "us.amazon.nova-pro-v1:0")
    assert made.ids("nova-pro") == ("us.amazon.nova-pro-v1:0",)
    with pytest.raises(KeyError):
        made.offer("opus")


def test_the_id_of_the_first_s2rs_deployments_replaces_the_defaults() -> None:
    made = read_catalogue(DATA, default_id="eu.anthropic.claude-sonnet-4-5-20250929-v1:0")
    assert made.offer().model_id.startswith("eu.")


@pytest.mark.parametrize(
    "settings",
    [
        {"default": "gpt"},
        {"allowed": ["sonnet", "gpt"]},
        {"allowed": ["haiku"]},
        {"fallback": ["gpt"]},
        {"allowed": ["sonnet"], "fallback": ["haiku"]},
        {"default_id": "anthropic.claude-sonnet-4-5-20250929-v1:0"},
        {"default_id": "global.anthropic.claude-sonnet-4-5-20250929-v1:0"},
    ],
    ids=str,
)
def test_a_deployment_that_names_what_is_not_there_does_not_start(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        read_catalogue(DATA, **settings)
