"""Logs and metrics: what stands in a line, and that no script, secret or key ever does."""

import json
from typing import Any

import pytest

from s2r_ci.envelope.context import context_of
from s2r_ci.errors import ConversionError
from s2r_service.conversion import ModelError, convert, most_tokens
from s2r_service.core import answer
from s2r_service.messages import Request
from s2r_service.model.words import Usage
from s2r_service.standin.faults import NAMES
from s2r_service.telemetry import METRICS, Observer, Record, Telemetry, concluded, failed, line_of, places_of
from tests.service import callers
from tests.service.callers import deployment
from tests.service.offices import CATALOGUE, SONNET, TARGET, TEXT, converted, seconds, standin, task

CANARIES = (
    "canary-script-text",
    "canary-job-name",
    "canary-secret-0123456789",
    "canary-instruction",
    "123456789012",
)


def lines(*records: Record) -> list[dict[str, Any]]:
    written: list[str] = []
    telemetry = Telemetry(written.append, lambda: 1_763_650_000.25)
    for record in records:
        telemetry.told(record)
    return [json.loads(line) for line in written]


def told(report: dict[str, Any]) -> Record:
    return RECORD._replace(**{name: value for name, value in report.items() if name != "event"})


RECORD = Record(request_id="r-1", route="POST /v1/convert", status=200, latency_s=0.25, key_id="ci-2026-11")


def test_a_line_is_a_metric_document_of_cloudwatch() -> None:
    (line,) = lines(RECORD)
    directive = line["_aws"]["CloudWatchMetrics"][0]
    assert line["_aws"]["Timestamp"] == 1_763_650_000_250
    assert {each["Name"]: each["Unit"] for each in directive["Metrics"]} == METRICS
    assert all(isinstance(line[name], int | float) for name in METRICS)
    assert all(isinstance(line[name], str) for names in directive["Dimensions"] for name in names)
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
    assert len(directive["Metrics"]) <= 100


def test_a_line_says_what_the_request_cost() -> None:
    with standin() as (_, model):
        record = told(concluded(converted(model), CATALOGUE, None))
    (line,) = lines(record)
    assert line["ModelCalls"] == 1
    assert line["InputTokens"] > 1000
    assert line["model"] == SONNET
    assert line["prompt"].startswith("convert-1+")
    assert 0.003 < line["Cost"] < 0.1
    assert line["ModelLatency"] > 0


def test_a_line_counts_repairs_and_what_the_judge_said() -> None:
    with standin(mind="lying") as (_, model):
        record = told(concluded(converted(model), CATALOGUE, "sonnet"))
    (line,) = lines(record)
    assert line["Repairs"] == 1
    assert line["JudgeFindings"] >= 2
    assert line["model"] == SONNET


def test_a_failure_is_an_outcome_of_its_own_and_its_tokens_count() -> None:
    with standin("two-tools") as (_, model), pytest.raises(ModelError) as caught:
        converted(model)
    (line,) = lines(told(failed(caught.value, CATALOGUE, None)))
    assert line["Outcome"] == "model-output-invalid"
    assert line["InputTokens"] > 1000
    assert line["detail"] == "2 uses of a tool"


def test_what_the_cache_gives_costs_a_tenth() -> None:
    whole = CATALOGUE.cost(SONNET, Usage(1_000_000, 0, 1))
    assert whole == pytest.approx(3.3)
    assert CATALOGUE.cost(SONNET, Usage(1_000_000, 0, 1, cached_tokens=1_000_000)) == pytest.approx(0.33)
    assert CATALOGUE.cost("unknown", Usage(1, 1, 1)) == 0.0


@pytest.mark.parametrize(
    "text", ["a\nb", "x" * 200, "caf\u00e9", "$(id)", '"quoted"', "a{b}", "\x1b[2J", "a\u202eb"]
)
def test_a_text_that_could_be_anything_is_not_written(text: str) -> None:
    (line,) = lines(RECORD._replace(detail=text, route=text, request_id=text, repository=text, key_id=text))
    assert {line[name] for name in ("detail", "Route", "request_id", "repository", "key_id")} == {"?"}
    assert line_of(RECORD, 0).isascii()


def test_an_unforeseen_error_is_told_by_class_and_places_alone() -> None:
    def fails() -> None:
        raise KeyError("canary-secret-0123456789")

    try:
        fails()
    except KeyError as error:
        places = places_of(error)
    assert places.startswith("KeyError at test_telemetry.py:")
    assert "canary" not in places
    assert lines(RECORD._replace(detail=places))[0]["detail"] == places


CANARY_SCRIPT = TEXT.replace("--job-name=train", "--job-name=canary-job-name") + (
    "# canary-script-text\nexport WANDB_API_KEY=S2R_REDACTED_1__\necho canary-script-text\n"
)


@pytest.mark.parametrize("fault", sorted(set(NAMES) - {"slow", "never", "drip", "strict-slow"}))
@pytest.mark.filterwarnings("error")
def test_no_canary_reaches_a_line_or_a_stream_whatever_the_model_does(
    fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    about = task(CANARY_SCRIPT)
    failure = ""
    with standin(f"{fault} *") as (_, model):
        try:
            report = concluded(convert(about, model, seconds(), CATALOGUE), CATALOGUE, None)
        except ModelError as error:
            report = failed(error, CATALOGUE, None)
            failure = f"{error} {error.detail} {error!r}"
    streams = capfd.readouterr()
    said = f"{lines(told(report))}{report}{streams.out}{streams.err}{failure}"
    assert not [word for word in CANARIES if word in said]


def test_a_script_with_a_raw_secret_is_refused_without_showing_it(capfd: pytest.CaptureFixture[str]) -> None:
    secret = "AKIA" + "Q7T5MADEUPKEY3ZX"  # made up
    with standin() as (server, model), pytest.raises(ConversionError) as caught:
        convert(task(f"{TEXT}export AWS_ACCESS_KEY_ID={secret}\n"), model, seconds(), CATALOGUE)
    assert server.calls == 0
    assert secret not in f"{caught.value}{capfd.readouterr()}"


def test_a_placeholder_of_the_client_is_said_and_never_turned_back() -> None:
    with standin() as (_, model):
        made = convert(task(CANARY_SCRIPT), model, seconds(), CATALOGUE)
    assert [text for text in made.warnings if "S2R_REDACTED_1__" in text]


def test_the_worst_case_is_above_what_is_used() -> None:
    with standin(mind="lying") as (_, model):
        made = converted(model)
    assert made.usage.calls == 2
    assert made.usage.input_tokens + made.usage.output_tokens <= most_tokens(task())


def test_nothing_is_reserved_for_a_script_that_leaves_nothing_open() -> None:
    from dataclasses import replace

    about = task("#!/bin/bash\n#SBATCH --mem=1G\necho done\n")
    assert most_tokens(about._replace(target=replace(about.target, image="team/own:1"))) == 0


# --- through the whole service -----------------------------------------------------------------------------


def served(model: Any, *requests: Request) -> tuple[list[dict[str, Any]], list[int]]:
    """The lines that the service itself writes for requests, and the statuses of its answers."""
    written: list[str] = []
    observer = Observer(Telemetry(written.append, lambda: 0.0), lambda record: written.append(json.dumps(record)))
    parts = deployment(observe=observer, model=model)
    statuses = [answer(request, parts).status for request in requests]
    return [json.loads(line) for line in written], statuses


def asked(text: str, **members: Any) -> Request:
    context = context_of(TARGET)._asdict()
    return callers.convert(script=text, **{**context, **members})


@pytest.mark.parametrize(
    ("fault", "status", "outcome", "calls"),
    [
        ("ok", 200, "ok", 1),
        ("throttled x1", 200, "ok", 2),
        ("two-tools", 502, "model-output-invalid", 1),
        ("403", 503, "model-unavailable", 1),
        ("guardrail", 422, "content-blocked", 1),
    ],
)
def test_every_request_of_the_service_is_one_line(fault: str, status: int, outcome: str, calls: int) -> None:
    with standin(fault) as (_, model):
        written, statuses = served(model, asked(CANARY_SCRIPT))
    (line,) = written
    assert statuses == [status]
    assert (line["status"], line["Outcome"], line["ModelCalls"]) == (status, outcome, calls)
    assert line["Route"] == "POST /v1/convert"
    assert len(line["request_id"]) == 22


def test_lines_do_not_mix_up_requests() -> None:
    with standin() as (_, model):
        written, statuses = served(
            model, asked(CANARY_SCRIPT), Request("GET", "/healthz", {}), asked("no batch script"), asked(TEXT)
        )
    assert statuses == [200, 200, 422, 200]
    assert [line["ModelCalls"] for line in written] == [1, 0, 0, 1]
    assert [line["Outcome"] for line in written] == ["ok", "ok", "script-rejected", "ok"]
    assert len({line["request_id"] for line in written}) == 4


@pytest.mark.parametrize("fault", sorted(set(NAMES) - {"slow", "never", "drip", "strict-slow"}))
def test_no_canary_reaches_a_log_of_the_service(fault: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Script, job name, key and placeholder: by envelope, raw, in a chat, badly signed, and as no script at all."""
    raw = callers.raw(CANARY_SCRIPT.encode())
    bad = callers.convert(script=CANARY_SCRIPT)._replace(body=b"canary-script-text {")
    talk = callers.ask(callers.envelope("/v1/chat", session_id="s" * 22, instruction="canary-instruction"))
    with standin(f"{fault} *") as (_, model):
        written, _ = served(model, asked(CANARY_SCRIPT), raw, bad, talk, asked("canary-script-text"))
    streams = capfd.readouterr()
    said = f"{written}{streams.out}{streams.err}"
    words = (*CANARIES, callers.SECRET.decode(), callers.OTHER.decode(), "S2R_REDACTED")
    assert not [word for word in words if word in said]
    assert len(written) >= 5
