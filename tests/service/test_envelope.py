"""The envelope: there and back, strict in every member, and the target that it carries whole."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from s2r_ci.envelope import (
    Envelope,
    EnvelopeError,
    Repo,
    content_digest,
    default_idem,
    envelope_header,
    is_script,
    read_envelope,
    read_envelope_header,
    write_envelope,
)
from s2r_ci.envelope.context import context_of, target_of
from s2r_ci.errors import QuotaExceededError, SignatureError
from s2r_ci.model import Service, Site, Target, Volume
from s2r_ci.problems import PREFIX, PROBLEMS, Retry, error_of, problem_document
from s2r_ci.validate.schemas import is_valid

NONCE = "A" * 22
SCRIPT = "#!/bin/bash\n#SBATCH --gres=gpu:1\necho hé😀\n"
PLAIN = Envelope(aud="https://a.example", method="POST", path="/v1/convert", nonce=NONCE, idem="i", script=SCRIPT)
BASE = {"s2r": 1, "aud": "https://a.example", "method": "POST", "path": "/v1/convert", "nonce": NONCE}
FULL = replace(
    PLAIN, kid="ci-1", name="jobs/a.sh", model="sonnet", repo=Repo("12", "lab/train"), client="s2r-ci/1",
    target="kubernetes", runai_release="2.25", slurm_version="24.11", answers={"gpus": 2}, session_id="s-1",
    site={"partitions": {"gpu": ["a100"]}}, instruction="use 4 GPUs", verdict="edited", diff="-a\n+b\n", reason="no",
)  # fmt: skip
TARGET = Target(
    project="p", namespace="n", image="team/a:1", default_image="team/b:2", working_directory="/w", memory_mib=1536,
    gpus=0, arguments=("a", "b c"), variables={"DATA": "/é"}, accepted=("submits",), body_delivery="mounted",
    image_allow=("team/*",), runai_release="2.24", slurm_version="22.05", name="kai", project_id="7",
    cluster_id="71f69d83-ba66-4822-adf5-55ce55efd210", options=("--gpus-per-node=4",), mounts=("/data",),
    shards_per_gpu=4,
    topology="t", topology_level="topology.example.com/switch",
    site=Site(
        partitions={"gpu": ("a", "b")}, accounts={"lab": "proj"}, qos={"long": Service(priority="low")},
        gpus={"a100": {"nvidia.com/gpu.product": "A100"}}, features={"ib": {"net": "ib"}},
        modules={"cuda": "nvcr/cuda:1"}, volumes={"/data": Volume(claim="data", read_only=True)},
        gres={"fpga": "example.com/fpga"},
    ),
)  # fmt: skip


@pytest.mark.parametrize("envelope", [pytest.param(PLAIN, id="plain"), pytest.param(FULL, id="every member")])
def test_an_envelope_survives_the_way(envelope: Envelope) -> None:
    data = write_envelope(envelope)
    assert data.isascii()
    assert read_envelope(data) == envelope
    assert read_envelope_header(envelope_header(envelope)) == envelope
    assert is_valid("conversion-request.v1", json.loads(data))


def test_a_target_travels_whole() -> None:
    envelope = replace(PLAIN, **context_of(TARGET)._asdict())
    assert target_of(read_envelope(write_envelope(envelope))) == TARGET
    assert target_of(read_envelope(write_envelope(PLAIN))) == Target()
    assert target_of(replace(PLAIN, **context_of(Target())._asdict())) == Target()


def test_no_field_of_a_target_is_forgotten() -> None:
    """``converter`` and ``decisions`` are what the service itself decides; ``crd`` names files of the client's machine,
    which judges what comes back by them.
    """
    changed = {each.name for each in fields(Target) if getattr(TARGET, each.name) != getattr(Target(), each.name)}
    assert changed == {each.name for each in fields(Target)} - {"converter", "crd", "decisions"}


def body(**changes: Any) -> bytes:
    return json.dumps({**BASE, **changes}).encode()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"s2r":1,"s2r":1}', id="a name twice"),
        pytest.param(body()[:-1] + b',"model":"a","model":"b"}', id="model twice"),
        pytest.param(body()[:-1] + b',"site":{"qos":{},"qos":{}}}', id="a name twice further down"),
        pytest.param(body()[:-1] + b',"s2r":NaN}', id="NaN"),
        pytest.param(body()[:-1] + b',"answers":{"gpus":1e400}}', id="1e400"),
        pytest.param(body()[:-1] + b',"answers":{"gpus":' + b"9" * 5000 + b"}}", id="an endless integer"),
        pytest.param(b"[" * 5000, id="5,000 deep"),
        pytest.param(b'{"a":' * 5000, id="5,000 objects deep"),
        pytest.param(body(site={"a": {"b": {"c": {"d": {}}}}}), id="too deep"),
        pytest.param(body()[:-1] + rb',"script":"\ud800"}', id="half a surrogate"),
        pytest.param(body()[:-1] + rb',"\udc00":1}', id="half a surrogate in a name"),
        pytest.param(body(extra=1), id="unknown member"),
        pytest.param(b"\xef\xbb\xbf" + body(), id="BOM"),
        pytest.param('{"s2r":1,"aud":"é"}'.encode(), id="not ASCII"),
        pytest.param(body(s2r=True), id="version true"),
        pytest.param(body(s2r=2), id="version two"),
        pytest.param(body(s2r="1"), id="version as text"),
        pytest.param(body(nonce="A" * 21), id="short nonce"),
        pytest.param(body(nonce="A" * 21 + "="), id="nonce with padding"),
        pytest.param(body(idem=""), id="empty idem"),
        pytest.param(body(idem="a" * 65), id="long idem"),
        pytest.param(body(script=5), id="script a number"),
        pytest.param(body(script="a" * 31_201 + "é" * 10_000), id="51,201 octets"),
        pytest.param(body(model="Opus"), id="alias in capitals"),
        pytest.param(body(repo="12"), id="repo as text"),
        pytest.param(body(repo={"id": "a/b"}), id="odd repo id"),
        pytest.param(body(repo={"id": "1", "x": "y"}), id="unknown member of repo"),
        pytest.param(body(repo={"id": 1}), id="repo id a number"),
        pytest.param(body(answers=[]), id="answers a list"),
        pytest.param(body(site=None), id="site null"),
        pytest.param(body(answers={"arguments": ["a" * 40_000]}), id="answers too large"),
        pytest.param(body(kid="a\nb"), id="kid with a line feed"),
        pytest.param(body(verdict="maybe"), id="unknown verdict"),
        pytest.param(json.dumps({k: v for k, v in BASE.items() if k != "aud"}).encode(), id="no audience"),
        pytest.param(b"{" + b" " * 131_072 + b"}", id="too large"),
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"', id="an open text"),
        pytest.param(body() + b"{}", id="two objects"),
    ],
)
def test_an_envelope_that_breaks_a_rule_is_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeError):
        read_envelope(data)


def test_a_script_of_exactly_the_limit_is_read() -> None:
    assert len(read_envelope(body(script="a" * 51_200)).script) == 51_200
    assert len(read_envelope(body(script="a" * 31_200 + "é" * 10_000)).script.encode()) == 51_200


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"target": "nomad"}, "target"),
        ({"runai_release": "9.9"}, "runai_release"),
        ({"slurm_version": "1"}, "slurm_version"),
        ({"answers": {"gpus": "two"}}, "answers"),
        ({"answers": {"gpus": 1.5}}, "answers"),
        ({"answers": {"colour": "red"}}, "answers"),
        ({"answers": {"variables": {"A-B": "x"}}}, "answers"),
        ({"answers": {"memory": "much"}}, "answers"),
        ({"answers": {"image": "a b"}}, "answers"),
        ({"answers": {"accepted": ["image"]}}, "answers"),
        ({"answers": {"arguments": ["\ud800"]}}, "answers"),
        ({"site": {"volumes": {"relative": "claim"}}}, "site"),
        ({"site": {"nothing": {}}}, "site"),
    ],
)
def test_a_wrong_word_about_the_target_is_refused_by_its_name(change: dict[str, Any], member: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        target_of(replace(PLAIN, **change))
    assert caught.value.member == member


@pytest.mark.parametrize("header", ["", "é", "a b", "A", "e30=", "e30", "!!"])
def test_a_header_that_is_no_envelope_is_refused(header: str) -> None:
    with pytest.raises(EnvelopeError):
        read_envelope_header(header)


def test_attempts_of_one_conversion_share_a_key_and_other_content_does_not() -> None:
    again = replace(PLAIN, nonce="B" * 22, idem="other", client="x", path="/v1/convert?dry_run=true")
    assert default_idem(again) == default_idem(PLAIN)
    assert content_digest(again) == content_digest(PLAIN)
    others = [
        replace(PLAIN, script=SCRIPT + "\n"), replace(PLAIN, model="opus"), replace(PLAIN, answers={"gpus": 1}),
        replace(PLAIN, name="b.sh"), replace(PLAIN, site={"qos": {}}), replace(PLAIN, runai_release="2.24"),
    ]  # fmt: skip
    assert len({content_digest(each) for each in [PLAIN, *others]}) == 7
    assert len({default_idem(each) for each in [PLAIN, replace(PLAIN, repo=Repo("1")), *others]}) == 8
    assert default_idem(PLAIN, tag="2") != default_idem(PLAIN)
    assert len(default_idem(PLAIN)) == 43


@pytest.mark.parametrize(
    ("text", "may"),
    [("#SBATCH -n 1\n", True), (SCRIPT, True), ("#!/bin/sh\n", False), (" #SBATCH\n", False), ("#SBATCH\0", False)],
)
def test_only_what_has_a_directive_line_is_a_script(text: str, may: bool) -> None:
    assert is_script(text) is may


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_crosses_the_wire_as_itself(code: str) -> None:
    document = problem_document(code, "r-1", server_time=1)
    assert (document["type"], document["status"]) == (PREFIX + code, PROBLEMS[code].status)
    assert isinstance(document["error"], str)  # what clients of the first s2r read
    error = error_of(json.loads(json.dumps(document)), where="a.sh")
    assert type(error) is PROBLEMS[code].error
    assert error.problem == code
    assert "r-1" in str(error)


def test_the_errors_keep_their_exit_codes() -> None:
    assert error_of({"type": PREFIX + "quota-exceeded"}).exit_code == QuotaExceededError.exit_code == 6
    assert isinstance(error_of({"type": PREFIX + "clock-skew"}), SignatureError)
    assert PROBLEMS["clock-skew"].retry is Retry.RESIGN


@pytest.mark.parametrize(
    "document", [None, [], {}, {"type": 5}, {"type": "about:blank"}, {"type": PREFIX + "x"}, "x"]
)
def test_what_is_no_problem_of_ours_is_not_believed(document: Any) -> None:
    assert error_of(document).code == "malformed-manifest"


def test_an_answer_cannot_bring_escapes_onto_the_terminal() -> None:
    error = error_of({"type": PREFIX + "internal", "request_id": "\x1b]0;x\x07\u202e", "detail": "\x1b[31m"})
    assert "\x1b" not in str(error)
    assert "\u202e" not in str(error)
