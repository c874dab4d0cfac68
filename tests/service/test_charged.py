"""What a conversion by a model costs: which model, how many calls, what is charged, and what is given back."""

from typing import Any

import pytest

from s2r_service.core import answer
from s2r_service.model.bedrock import MAX_TOKENS
from s2r_service.store.embedded import EmbeddedStore
from tests.service.callers import Asked, convert, deployment, document, told

OPEN = "#!/bin/sh\n#SBATCH --job-name=a\npython train.py $MODE\n"
DAY = "2025-11-20"
SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


class Named(Asked):
    """Remembers which model it was asked as."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.ids: list[str] = []

    def decide(self, *arguments: Any, **named: Any) -> Any:
        self.ids.append(named["model_id"])
        return super().decide(*arguments, **named)


def test_the_default_model_is_asked_and_a_header_changes_nothing() -> None:
    model = Named(problem="model-timeout")
    request = convert(OPEN)
    headers = {**request.headers, "x-s2r-model": ("opus",)}
    told(request._replace(headers=headers), deployment(model=model))
    assert model.ids == [SONNET]  # B14


def test_an_alias_in_the_envelope_chooses_the_model() -> None:
    model = Named(problem="model-timeout")
    told(convert(OPEN, model="haiku"), deployment(model=model))
    assert "haiku" in model.ids[0]


@pytest.mark.parametrize(
    "code", ["model-timeout", "model-throttled", "model-unavailable", "model-output-invalid", "content-blocked"]
)
def test_a_model_that_fails_costs_no_conversion_but_its_tokens(code: str) -> None:
    store = EmbeddedStore()
    parts = deployment(store, model=Asked(problem=code))
    for _ in range(3):
        found = answer(convert(OPEN), parts)
        assert found.status in (422, 502, 503, 504)
        assert b"canary" not in found.body
        assert told(convert(OPEN), parts) == code
    assert (store.get(f"q#key#ci-1#{DAY}") or {})["n"] == 0
    used = store.get(f"tok#{DAY}") or {}
    assert (used["n"], used["holds"]) == (6 * 1050, frozenset())


def test_the_token_budget_is_kept_by_the_worst_case() -> None:
    parts = deployment(model=Asked(problem="model-timeout"), token_budget=10_000)
    found = answer(convert(OPEN), parts)
    assert document(found)["type"].endswith("budget-exhausted")
    assert found.header("retry-after")


def test_the_longest_answer_fits_into_the_time() -> None:
    """B18: at the 54 tokens a second that were published for the default model, two calls in 45 s."""
    assert 2 * MAX_TOKENS / 54 < 45


def test_a_script_that_leaves_nothing_open_costs_no_call() -> None:
    model = Asked()
    from tests.service.callers import SCRIPT

    script = SCRIPT.replace(
        "#SBATCH --mem", "#SBATCH --container-image=team/a:1\n#SBATCH --time=1:00:00\n#SBATCH --mem"
    )
    found = answer(
        convert(script, answers={"image": "team/a:1", "working-directory": "/w"}), deployment(model=model)
    )
    assert found.status == 200
    assert model.calls == 0
