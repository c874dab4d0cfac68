"""Until when the provider keeps a model: its answers are botocore's own shapes, checked by its Stubber."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from s2r_service.model.catalogue import Catalogue, Offer
from s2r_service.model.lifecycle import report

NOW = datetime(2026, 11, 28, tzinfo=UTC)
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
CATALOGUE = Catalogue({"sonnet": Offer("sonnet", f"us.{MODEL}")}, "sonnet")


@pytest.fixture
def bedrock() -> Iterator[Any]:
    client = boto3.client("bedrock", region_name="us-west-2")
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def answer(status: str, ends: datetime | None = None) -> dict[str, Any]:
    lifecycle = {"status": status} | ({"endOfLifeTime": ends} if ends else {})
    arn = f"arn:aws:bedrock:us-west-2::foundation-model/{MODEL}"
    return {"modelDetails": {"modelArn": arn, "modelId": MODEL, "modelLifecycle": lifecycle}}


@pytest.mark.parametrize(
    ("status", "days", "code", "says"),
    [
        pytest.param("ACTIVE", None, 0, "sonnet: active", id="active"),
        pytest.param("ACTIVE", 91, 0, "sonnet: active", id="ends in 91 days"),
        pytest.param("ACTIVE", 90, 1, "in 90 days", id="ends in 90 days"),
        pytest.param("LEGACY", 2, 1, "in 2 days", id="ends in two days"),
        pytest.param("LEGACY", None, 1, "is legacy", id="legacy"),
        pytest.param("LEGACY", -5, 1, "in 0 days", id="has ended"),
    ],
)
def test_a_model_that_ends_is_said_90_days_before(
    bedrock: Any, status: str, days: int | None, code: int, says: str
) -> None:
    client, stubber = bedrock
    ends = None if days is None else NOW + timedelta(days=days)
    stubber.add_response("get_foundation_model", answer(status, ends), {"modelIdentifier": MODEL})
    lines: list[str] = []
    assert report(client, CATALOGUE, NOW, lines.append) == code
    assert says in lines[0]


def test_a_model_that_cannot_be_looked_up_is_said(bedrock: Any) -> None:
    client, stubber = bedrock
    stubber.add_client_error("get_foundation_model", "AccessDeniedException", "canary", 403)
    lines: list[str] = []
    assert report(client, CATALOGUE, NOW, lines.append) == 1
    assert "may not be looked up" in lines[0]
    assert "canary" not in lines[0]
