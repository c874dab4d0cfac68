"""Every target over every golden case: well formed, read back, accounted for; and the table of targets."""

from dataclasses import replace

import pytest

from s2r_ci.convert import load_converter
from s2r_ci.errors import ConfigurationError, ConversionError
from s2r_ci.model import ConversionRequest, ConversionResult, Disposition, Target
from s2r_ci.runai.backlinks import backlinks, resolve
from s2r_ci.runai.targets import CLI, KAI, KUBERNETES, NATIVE, RELEASES, REST, TARGETS, V2ALPHA1, form_of
from s2r_ci.runai.texts import read_text, write_text
from s2r_ci.settings import KEYS
from s2r_ci.validate import schema_names, validate
from tests.golden.test_golden import CASES, request_of
from tests.jobs import ANSWERED, job, request

ARRAYS = {"array-argument", "array-file-lines"}


def wanted(case: str, target: str) -> ConversionRequest:
    asked = request_of(case)
    return replace(asked, target=replace(asked.target, name=target))


def converted(case: str, target: str) -> ConversionResult:
    return load_converter("rules").convert(wanted(case, target))


EVERY = [
    (target, case) for target in TARGETS for case in CASES if case not in ARRAYS or target not in (V2ALPHA1, REST)
]


@pytest.mark.parametrize(("target", "case"), EVERY)
def test_what_is_written_is_read_back_the_same_and_keeps_its_schema(target: str, case: str) -> None:
    result = converted(case, target)
    text = write_text(result.manifest.body, target, backlinks(result.ledger, result.manifest.body))
    back = read_text(text.encode(), target)
    assert back.body == result.manifest.body
    for release in TARGETS[target].releases:
        assert [finding.message for finding in validate(back, "x", target=target, release=release)] == []


@pytest.mark.parametrize(("target", "case"), EVERY)
def test_every_item_is_accounted_for_and_every_field_is_there(target: str, case: str) -> None:
    asked, result = wanted(case, target), converted(case, target)
    assert [entry.item for entry in result.ledger] == list(asked.job.inventory)
    assert {e.field for e in result.ledger if e.field and not resolve(e.field, result.manifest.body)} == set()
    assert all(entry.reason for entry in result.ledger)
    lost = [entry for entry in result.ledger if entry.disposition is Disposition.NOT_EXPRESSIBLE]
    assert all(entry.field == "" for entry in lost)


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_request_gives_the_same_text(target: str) -> None:
    first, second = (converted("typed-gres-constraint", target).manifest.body for _ in range(2))
    assert write_text(first, target, {}) == write_text(second, target, {})


@pytest.mark.parametrize("target", [V2ALPHA1, REST])
@pytest.mark.parametrize("case", sorted(ARRAYS))
def test_an_array_is_refused_where_pods_get_no_index(target: str, case: str) -> None:
    with pytest.raises(ConversionError, match=target) as caught:
        converted(case, target)
    assert "kubernetes" in caught.value.hint


def test_an_array_on_the_command_line_is_one_workload_an_index() -> None:
    body = converted("array-argument", CLI).manifest.body
    text = write_text(body, CLI, {})
    assert body["indexes"] == 500
    assert 'while [ "$index" -lt 500 ]; do' in text
    assert 'submit boot-"$index"' in text
    assert '--environment-variable=JOB_COMPLETION_INDEX="$index"' in text


@pytest.mark.parametrize("target", sorted(NATIVE))
def test_a_native_form_ends_the_script_at_its_limit_by_a_wrapper_and_says_so(target: str) -> None:
    result = converted("single-gpu-venv", target)
    (entry,) = [entry for entry in result.ledger if entry.item.name == "time"]
    assert entry.disposition is Disposition.APPROXIMATE
    assert "wrapper" in entry.reason
    assert "sleep" in write_text(result.manifest.body, target, {})


def test_a_gpu_model_without_a_field_is_said_to_be_lost() -> None:
    lost = [entry for entry in converted("typed-gres-constraint", V2ALPHA1).ledger if entry.item.name == "gres"]
    assert [entry.disposition for entry in lost] == [Disposition.NOT_EXPRESSIBLE]
    kept = [entry for entry in converted("typed-gres-constraint", REST).ledger if entry.item.name == "gres"]
    assert [entry.field for entry in kept] == ["spec.compute.gpuDevicesRequest"]


def test_kai_has_its_own_scheduler_queue_and_classes() -> None:
    body = converted("typed-gres-constraint", KAI).manifest.body
    assert body["metadata"]["labels"] == {
        "priorityClassName": "build",
        "kai.scheduler/preemptibility": "non-preemptible",
        "kai.scheduler/queue": "team-lab",
    }
    template = body["spec"]["template"]
    assert template["metadata"] == {
        "labels": {"kai.scheduler/queue": "team-lab", "kai.scheduler/node-pool": "a100"}
    }
    assert template["spec"]["schedulerName"] == "kai-scheduler"


def test_the_rest_body_asks_for_project_and_cluster() -> None:
    asked = request(job(), target=replace(ANSWERED, name=REST))
    assert [question.key for question in load_converter("rules").convert(asked).questions] == [
        "project-id",
        "cluster-id",
    ]
    known = replace(asked.target, project_id="45", cluster_id="71f69d83-ba66-4822-adf5-55ce55efd210")
    result = load_converter("rules").convert(replace(asked, target=known))
    assert result.questions == ()
    assert result.manifest.body["projectId"] == "45"


def test_v2alpha1_warns_and_the_others_do_not() -> None:
    for target in TARGETS:
        notes = load_converter("rules").convert(request(job(), target=replace(ANSWERED, name=target))).notes
        assert ("target-legacy" in {note.rule.id for note in notes}) == (target == V2ALPHA1)


# --- the table ---------------------------------------------------------------------------------------------


def test_settings_and_table_name_the_same_targets_and_releases() -> None:
    assert KEYS["target"].words == tuple(TARGETS)
    assert KEYS["target"].reserved == ()
    assert KEYS["runai-release"].words == RELEASES == tuple(KUBERNETES)


def test_every_schema_of_a_manifest_belongs_to_a_target() -> None:
    named = {schema for form in TARGETS.values() for schema in form.kinds.values()}
    shipped = {name for name in schema_names() if name.startswith("manifest.")}
    assert shipped - named == {"manifest.rest-workload.v2"}  # wraps a manifest of ours for POST /api/v2/workloads
    assert named <= shipped


def test_the_legacy_target_ends_with_the_release_that_dropped_it() -> None:
    assert form_of(V2ALPHA1, "2.26").name == V2ALPHA1
    with pytest.raises(ConfigurationError, match=r"3\.0") as caught:
        form_of(V2ALPHA1, "3.0")
    assert caught.value.exit_code == 2
    with pytest.raises(ConfigurationError):
        load_converter("rules").convert(
            request(job(), target=replace(ANSWERED, name=V2ALPHA1, runai_release="3.0"))
        )


@pytest.mark.parametrize(
    ("target", "kind", "said"),
    [
        ("kubernetes", "Job", "runai workload submit --file 'a b.yaml' -p team"),
        (KAI, "Job", "kubectl apply -f 'a b.yaml'"),
        (V2ALPHA1, "TrainingWorkload", "kubectl apply -n runai-team -f 'a b.yaml'"),
        (REST, "Training", "s2r --raw 'a b.yaml', sent by POST to /api/v1/workloads/trainings"),
        (REST, "Distributed", "s2r --raw 'a b.yaml', sent by POST to /api/v1/workloads/distributed"),
        (CLI, "standard", "sh 'a b.yaml'"),
    ],
)
def test_how_a_manifest_is_submitted_stands_in_its_header(target: str, kind: str, said: str) -> None:
    assert form_of(target).submit("a b.yaml", Target(project="team"), kind) == said
