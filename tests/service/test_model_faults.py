"""The faults of a model, F-01 to F-10, put to the real SDK by a stand-in that speaks Converse over HTTP.

Each row says what comes out, how many calls reached the model (never more than two, and exactly one when it timed
out), and that what was used is counted.
"""

import pytest

from s2r_service.conversion import FALLBACK, Conversion, ModelError, warm_up_prompt
from s2r_service.model.bedrock import World
from s2r_service.model.breaker import IN_A_ROW, OPEN_S
from s2r_service.model.catalogue import Catalogue
from tests.service.offices import CATALOGUE, IMAGE, SONNET, converted, seconds, standin, task

WHOLE_DAY = Catalogue(CATALOGUE.offers, "sonnet", ("haiku", "nova-pro"))


def failed(faults: str, *, left_s: float = 60.0, mind: str = "sensible") -> tuple[ModelError, int]:
    """How a conversion ended, and how many calls reached the stand-in."""
    with standin(faults, mind=mind) as (server, model), pytest.raises(ModelError) as caught:
        converted(model, budget=seconds(left_s))
    return caught.value, server.calls


def made(faults: str = "", *, mind: str = "sensible", left_s: float = 60.0) -> tuple[Conversion, int]:
    with standin(faults, mind=mind) as (server, model):
        conversion = converted(model, budget=seconds(left_s))
    return conversion, server.calls


def test_f00_an_ordinary_conversion_is_one_call() -> None:
    conversion, calls = made()
    assert calls == conversion.usage.calls == 1
    assert conversion.model == SONNET
    assert IMAGE in conversion.manifest
    assert conversion.usage.input_tokens > 1000
    assert conversion.usage.output_tokens > 0


@pytest.mark.parametrize("fault", ["throttled", "not-ready", "500", "503", "424"])
def test_f01_one_failure_that_passes_is_tried_again(fault: str) -> None:
    conversion, calls = made(f"{fault} x1")
    assert calls == conversion.usage.calls == 2
    assert conversion.model == SONNET


@pytest.mark.parametrize(
    ("fault", "problem", "status", "calls"),
    [
        pytest.param("throttled *", "model-throttled", 503, 2, id="F-02 throttles always"),
        pytest.param("not-ready *", "model-unavailable", 503, 2, id="not ready"),
        pytest.param("cut *", "model-unavailable", 503, 1, id="F-04 ends mid-answer"),
        pytest.param("reset *", "model-unavailable", 503, 1, id="F-04 reset mid-answer"),
        pytest.param("empty *", "model-output-invalid", 502, 1, id="F-05 empty content"),
        pytest.param("wrong-tool *", "model-output-invalid", 502, 1, id="F-05 another tool"),
        pytest.param("two-tools *", "model-output-invalid", 502, 1, id="F-05 two tools"),
        pytest.param("text *", "model-output-invalid", 502, 1, id="F-05 text instead"),
        pytest.param("refused *", "model-output-invalid", 502, 1, id="refused in words"),
        pytest.param("no-fields *", "model-output-invalid", 502, 1, id="none of the fields"),
        pytest.param("text-input *", "model-output-invalid", 502, 1, id="text in the tool"),
        pytest.param("too-many *", "model-output-invalid", 502, 1, id="too many of a thing"),
        pytest.param("truncated *", "model-output-invalid", 502, 1, id="F-06 truncated, valid-looking"),
        pytest.param("malformed *", "model-output-invalid", 502, 1, id="malformed tool use"),
        pytest.param("malformed-output *", "model-output-invalid", 502, 1, id="malformed output"),
        pytest.param("too-long *", "model-output-invalid", 502, 1, id="context exceeded"),
        pytest.param("ended *", "model-output-invalid", 502, 1, id="ended its turn"),
        pytest.param("filtered *", "content-blocked", 422, 1, id="filtered"),
        pytest.param("guardrail *", "content-blocked", 422, 1, id="guardrail"),
        pytest.param("400 *", "model-unavailable", 503, 1, id="F-07 bad id"),
        pytest.param("403 *", "model-unavailable", 503, 1, id="F-07 no access"),
        pytest.param("404 *", "model-unavailable", 503, 1, id="F-07 retired"),
        pytest.param("408 *", "model-timeout", 504, 1, id="the provider's own timeout"),
        pytest.param("424 *", "model-unavailable", 503, 2, id="the model failed"),
        pytest.param("500 *", "model-unavailable", 503, 2, id="internal error"),
        pytest.param("503 *", "model-unavailable", 503, 2, id="not available"),
        pytest.param("garbage *", "model-unavailable", 503, 1, id="a proxy's page"),
        pytest.param("garbage-json *", "model-unavailable", 503, 1, id="half a document"),
        pytest.param("greedy *", "model-output-invalid", 502, 1, id="fields that the tool does not have"),
    ],
)
def test_what_a_fault_ends_in(fault: str, problem: str, status: int, calls: int) -> None:
    error, asked = failed(fault)
    assert (error.problem, error.http_status, asked) == (problem, status, calls)
    assert error.usage.calls == calls


def test_f05_the_tokens_of_an_answer_that_cannot_be_used_are_counted() -> None:
    error, _ = failed("two-tools")
    assert error.usage.input_tokens > 1000
    assert error.usage.output_tokens > 0


@pytest.mark.parametrize("fault", ["never", "slow 5", "drip 0.05"])
def test_f03_a_model_that_answers_too_late_is_asked_exactly_once(fault: str) -> None:
    error, calls = failed(f"{fault} *", left_s=4.4)
    assert (error.problem, error.http_status, calls) == ("model-timeout", 504, 1)


def test_without_time_the_model_is_not_asked() -> None:
    error, calls = failed("ok", left_s=3.9)
    assert (error.problem, calls) == ("model-timeout", 0)


def test_a_second_call_needs_25_seconds() -> None:
    error, calls = failed("throttled *", left_s=28.0)
    assert (error.problem, calls) == ("model-throttled", 1)


def test_a_failure_that_took_long_is_not_tried_again() -> None:
    now = [0.0]
    steps = iter([0.0, 0.0, 11.0])

    def clock() -> float:
        now[0] += next(steps, 0.0)
        return now[0]

    with standin("throttled *", world=World(clock=clock, sleep=lambda _: None)) as (server, model):
        with pytest.raises(ModelError) as caught:
            model.decide(warm_up_prompt(), model_id=SONNET, timeout_s=45.0)
        assert server.calls == 1
    assert caught.value.problem == "model-throttled"


def test_the_pause_before_a_second_call_has_full_jitter() -> None:
    asked: list[tuple[float, float]] = []
    slept: list[float] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return 0.25

    with standin("throttled", world=World(uniform=uniform, sleep=slept.append)) as (_, model):
        converted(model)
    assert asked == [(0.0, 1.0)]
    assert slept == [0.25]


def test_f08_after_five_failures_nobody_calls_until_30_seconds_are_over_and_then_one() -> None:
    now = [100.0]
    with standin("500 x5", world=World(clock=lambda: now[0], sleep=lambda _: None)) as (server, model):
        for _ in range(IN_A_ROW):
            with pytest.raises(ModelError):
                model.decide(warm_up_prompt(), model_id=SONNET, timeout_s=45.0, attempts=1)
        assert server.calls == IN_A_ROW
        for _ in range(3):
            with pytest.raises(ModelError) as caught:
                converted(model)
            assert (caught.value.problem, caught.value.detail) == ("model-unavailable", "breaker-open")
            assert caught.value.usage.calls == 0
        assert server.calls == IN_A_ROW
        now[0] += OPEN_S
        assert converted(model).model == SONNET
        assert converted(model).model == SONNET
        assert server.calls == IN_A_ROW + 2


def test_a_breaker_holds_one_model_alone() -> None:
    with standin("500 x5") as (_, model):
        for _ in range(IN_A_ROW):
            with pytest.raises(ModelError):
                model.decide(warm_up_prompt(), model_id=SONNET, timeout_s=45.0, attempts=1)
        haiku = CATALOGUE.offer("haiku").model_id
        assert model.decide(warm_up_prompt(), model_id=haiku, timeout_s=45.0).usage.calls == 1
        assert converted(model, catalogue=WHOLE_DAY).model == haiku


def test_a_model_that_is_gone_gives_way_to_the_next_of_the_deployments_list() -> None:
    with standin("404 x1") as (server, model):
        conversion = converted(model, catalogue=WHOLE_DAY)
    assert [each["modelId"] for each in server.asked] == [SONNET, CATALOGUE.offer("haiku").model_id]
    assert conversion.model == CATALOGUE.offer("haiku").model_id
    assert conversion.usage.calls == 2


def test_the_list_of_models_does_not_make_more_than_two_calls() -> None:
    with standin("404 *") as (server, model), pytest.raises(ModelError):
        converted(model, catalogue=WHOLE_DAY)
    assert server.calls == 2


def test_f09_a_schema_that_compiles_for_minutes_holds_nobody_up() -> None:
    with standin("strict-slow 600 *") as (server, model):
        assert converted(model, budget=seconds(30.0)).model == SONNET
    assert "strict" not in server.asked[0]["toolConfig"]["tools"][0]["toolSpec"]


def test_f09_after_the_warm_up_the_model_is_held_to_the_schema() -> None:
    with standin() as (server, model):
        assert model.warm_up(warm_up_prompt(), SONNET)
        assert converted(model).model == SONNET
    assert [each["toolConfig"]["tools"][0]["toolSpec"].get("strict") for each in server.asked] == [True, True]


def test_a_model_without_strict_tools_is_asked_once_more_without_and_then_never_strictly() -> None:
    with standin("strict-refused *", strict="on") as (server, model):
        assert converted(model).usage.calls == 2
    assert [each["toolConfig"]["tools"][0]["toolSpec"].get("strict") for each in server.asked] == [True, None]
    with standin("strict-refused *") as (server, model):
        assert not model.warm_up(warm_up_prompt(), SONNET)
        assert converted(model).usage.calls == 1


def test_f10_what_the_judge_does_not_take_is_put_to_the_model_once_more() -> None:
    conversion, calls = made("lying x1")
    assert calls == conversion.usage.calls == 2
    assert conversion.repairs == 1
    assert conversion.model == SONNET


def test_the_second_question_says_why() -> None:
    with standin("lying x1") as (server, model):
        converted(model)
    text = server.asked[1]["messages"][0]["content"][0]["text"]
    assert '"refused"' in text
    assert "NVIDIA_VISIBLE_DEVICES" in text


def test_f10_a_model_that_insists_gets_the_rules_own_manifest_marked_as_such() -> None:
    conversion, calls = made(mind="lying")
    assert calls == 2
    assert conversion.model is None
    assert conversion.warnings[0] == FALLBACK
    assert any(question.startswith("image:") for question in conversion.questions)
    assert 'nvidia.com/gpu: "2"' in conversion.manifest
    assert "s2r-ci/decisions" not in conversion.manifest


def test_a_repair_needs_25_seconds() -> None:
    conversion, calls = made(mind="lying", left_s=24.0)
    assert (calls, conversion.model, conversion.repairs) == (1, None, 0)


def test_a_call_that_was_tried_again_leaves_none_for_a_repair() -> None:
    conversion, calls = made("throttled x1\nlying *")
    assert (calls, conversion.model) == (2, None)


def test_a_script_that_leaves_nothing_open_costs_nothing() -> None:
    from dataclasses import replace

    from s2r_service.conversion import convert

    about = task("#!/bin/bash\n#SBATCH --mem=1G\necho done\n")
    about = about._replace(target=replace(about.target, image="team/own:1"))
    with standin() as (server, model):
        conversion = convert(about, model, seconds(), CATALOGUE)
    assert server.calls == 0
    assert conversion.model is None
