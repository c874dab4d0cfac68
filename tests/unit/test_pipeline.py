"""The walk of one script, what lies beside it, and many of them: real converter, real judge."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from s2r_ci.beside import Beside, Options
from s2r_ci.convert import load_converter
from s2r_ci.errors import ConversionError, ConverterUnavailableError, IncompleteError
from s2r_ci.judging import judge, unaccounted
from s2r_ci.model import (
    Candidate,
    ConversionRequest,
    ConversionResult,
    Level,
    Outcome,
    Script,
    ScriptClass,
    Target,
)
from s2r_ci.pipeline import World, examine, scan, walk
from s2r_ci.publish.files import FileStore
from s2r_ci.walked import document_of, refusal, submit_command

TEXT = """#!/bin/bash
#SBATCH --job-name=fit
#SBATCH --gres=gpu:2
#SBATCH --cpus-per-task=4
#SBATCH --mem=16G
#SBATCH --time=2:00:00
python fit.py
"""
TARGET = Target(image="registry.example.com/team/fit:1", working_directory="/workspace", project="team")
RULES = load_converter("rules")
PATH = "jobs/fit.sh.runai.yaml"


def script(text: str = TEXT) -> Script:
    return Script(path="jobs/fit.sh", data=text.encode())


def written(text: str = TEXT, target: Target = TARGET) -> bytes:
    walked = walk(script(text), target, RULES)
    assert walked.writable, walked.findings
    return document_of(walked, target, PATH)


def look(
    data: bytes | None, *, text: str = TEXT, target: Target = TARGET, options: Options | None = None
) -> tuple[str, list[str], bool]:
    """The state, the rules of the findings, and whether something is to be written."""
    verdict, new = examine(script(text), Beside(PATH, data), target, lambda: RULES, options or Options())
    return verdict.state, [finding.rule.id for finding in verdict.findings], new is not None


def test_a_good_script_passes_all_stages() -> None:
    walked = walk(script(), TARGET, RULES)
    assert walked.writable
    assert walked.findings == ()
    assert walked.result is not None
    assert walked.result.manifest.kind == "Job"
    assert "nvidia.com/gpu" in walked.yaml_text


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(TEXT.replace("--time=2:00:00", "--no-such=1"), "unknown-directive", id="sbatch refuses it"),
        pytest.param(TEXT + "export API" + "_KEY=" + "k7Qz9mVw2Lx8Rt4Bn6\n", "secret-in-script", id="a secret"),
        pytest.param(TEXT.replace("python", "#SBATCH hetjob\npython"), "heterogeneous-job", id="two components"),
    ],
)
def test_a_script_without_a_manifest_says_why(text: str, rule: str) -> None:
    walked = walk(script(text), TARGET, RULES)
    assert not walked.writable
    assert rule in {finding.rule.id for finding in walked.findings}
    assert "jobs/fit.sh" in str(refusal(walked))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            TEXT.replace("--time=2:00:00", "--no-such=1 # s2r: ignore[unknown-directive] site plugin"), id="unknown"
        ),
        pytest.param(
            TEXT.replace("python", "#SBATCH hetjob # s2r: ignore[heterogeneous-job] x\n#SBATCH -n 1\npython"),
            id="two components",
        ),
        pytest.param(
            "#!/bin/bash\n# s2r: ignore[conversion-failed, unknown-directive] x\n#SBATCH --no-such=1\ntrue\n",
            id="with the finding that follows",
        ),
    ],
)
def test_no_comment_lets_a_script_without_a_manifest_pass(text: str) -> None:
    verdict, new = examine(script(text), Beside(PATH), TARGET, lambda: RULES, Options(write=True))
    assert new is None
    assert verdict.outcome is Outcome.FAILED
    standing = [f for f in verdict.findings if f.level is Level.ERROR and not f.suppression]
    assert standing, verdict.findings


@pytest.mark.parametrize("target", ["kubernetes", "kai", "v2alpha1", "rest", "cli"])
@pytest.mark.parametrize(
    ("path", "option", "place", "said"),
    [
        pytest.param("jobs/a\udcff.sh", b"-c 4", "jobs/a\udcff.sh", "rename the script", id="file name"),
        pytest.param("jobs/a.sh", b"--job-name=x\xff", "jobs/a.sh:2:9", "give it a --job-name", id="job name"),
    ],
)
def test_a_name_that_is_not_utf8_fails_its_script_alone(
    target: str, path: str, option: bytes, place: str, said: str
) -> None:
    odd = Script(path=path, data=b"#!/bin/bash\n#SBATCH " + option + b" -t 5 --mem=1G\ntrue\n")
    walked = walk(odd, replace(TARGET, name=target), RULES)
    (finding,) = (f for f in walked.findings if f.level is Level.ERROR)
    assert not walked.writable
    assert (finding.rule.id, str(finding.location)) == ("conversion-failed", place)
    assert said in finding.message


def test_an_ignore_with_a_reason_covers_a_finding() -> None:
    walked = walk(script(TEXT + "#SBATCH --hold  # s2r: ignore[late-directive] kept as a note\n"), TARGET, RULES)
    assert {f.rule.id: f.suppression for f in walked.findings} == {"late-directive": "kept as a note"}


def test_the_ledger_has_to_add_up() -> None:
    walked = walk(script(), TARGET, RULES)
    assert walked.result is not None
    (job,), result = walked.reading.jobs, walked.result
    assert list(unaccounted(job, result)) == []
    less = ConversionResult(manifest=result.manifest, provenance=result.provenance, ledger=result.ledger[1:])
    (missing,) = unaccounted(job, less)
    assert "has no entry in the ledger" in missing.message
    more = ConversionResult(
        manifest=result.manifest, provenance=result.provenance, ledger=(*result.ledger, result.ledger[0])
    )
    (invented,) = unaccounted(job, more)
    assert "is not in the script" in invented.message.replace("and not", "is not")


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        pytest.param(lambda text: text, set(), id="as it was written"),
        pytest.param(
            lambda text: text.replace('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "1"'),
            {"gpu-count-changed"},
            id="gpus",
        ),
        pytest.param(lambda text: text + "surprise: 1\n", {"manifest-invalid"}, id="a field nobody knows"),
        pytest.param(lambda text: "a: *b\n", {"manifest-unreadable"}, id="no plain YAML"),
    ],
)
def test_the_judge_reads_what_lies_on_disk(change: object, rules: set[str]) -> None:
    assert callable(change)
    walked = walk(script(), TARGET, RULES)
    request = ConversionRequest(script=script(), job=walked.reading.jobs[0], target=TARGET)
    found = {finding.rule.id for finding in judge(request, change(walked.yaml_text).encode(), PATH)}
    assert rules <= found
    assert bool(rules) == bool(found)


def edited() -> bytes:
    data = written()
    changed = data.replace(b"\nmetadata:", b"\n# our own words\nmetadata:", 1)
    assert changed != data
    return changed


@pytest.mark.parametrize(
    ("data", "more", "expected"),
    [
        pytest.param(None, {}, ("missing", ["manifest-missing"], False), id="missing"),
        pytest.param(None, {"options": Options(write=True)}, ("written", [], True), id="missing, to be written"),
        pytest.param(None, {"options": Options(allow_missing=True)}, ("missing", [], False), id="missing, allowed"),
        pytest.param(None, {"options": Options(ignore_disk=True)}, ("", [], False), id="disk ignored"),
        pytest.param(written(), {}, ("current", [], False), id="current"),
        pytest.param(
            written(), {"options": Options(write=True)}, ("current", [], False), id="current, nothing to do"
        ),
        pytest.param(
            written(), {"options": Options(reverify=True)}, ("current", [], False), id="current, judged anew"
        ),
        pytest.param(
            written(), {"text": TEXT + "echo\n"}, ("stale", ["manifest-stale"], False), id="the script changed"
        ),
        pytest.param(
            written(),
            {"target": Target(image="registry.example.com/x:2", working_directory="/w")},
            ("stale", ["settings-stale"], False),
            id="the settings changed",
        ),
        pytest.param(
            written(),
            {"text": TEXT + "echo\n", "options": Options(write=True)},
            ("written", [], True),
            id="stale, renewed",
        ),
        pytest.param(edited(), {}, ("edited", ["manifest-edited"], False), id="edited by hand, promises kept"),
        pytest.param(
            edited(),
            {"options": Options(write=True)},
            ("edited", ["manifest-edited"], False),
            id="an edit survives write",
        ),
        pytest.param(
            edited(),
            {"options": Options(write=True, overwrite=True)},
            ("written", [], True),
            id="an edit overwritten",
        ),
        pytest.param(
            edited(),
            {"text": TEXT + "echo\n"},
            ("conflict", ["manifest-conflict"], False),
            id="edited, and a new script",
        ),
        pytest.param(b"kind: Pod\n", {}, ("foreign", ["manifest-foreign"], False), id="a foreign file"),
        pytest.param(
            b"kind: Pod\n",
            {"options": Options(write=True)},
            ("foreign", ["manifest-foreign"], False),
            id="foreign, kept",
        ),
        pytest.param(
            b"", {"options": Options(write=True, overwrite=True)}, ("written", [], True), id="foreign, overwritten"
        ),
        pytest.param(
            written(),
            {"text": TEXT.replace("--time=2:00:00", "--no-such=1")},
            ("", ["unknown-directive", "manifest-stale"], False),
            id="a manifest of a script that is refused now",
        ),
    ],
)
def test_what_lies_beside_a_script(
    data: bytes | None, more: dict[str, object], expected: tuple[str, list[str], bool]
) -> None:
    state, rules, to_write = look(data, **more)  # type: ignore[arg-type]
    assert (state, to_write) == (expected[0], expected[2])
    assert rules == expected[1]


def test_a_current_manifest_is_not_converted_again() -> None:
    def never() -> object:
        raise AssertionError("nobody may ask for the converter")

    verdict, new = examine(script(), Beside(PATH, written()), TARGET, never, Options())  # type: ignore[arg-type]
    assert (verdict.state, verdict.kind, new) == ("current", "Job", None)


def test_a_current_manifest_tells_its_questions_again() -> None:
    bare = Target()
    first, document = examine(script(), Beside(PATH), bare, lambda: RULES, Options(write=True))
    assert first.questions
    again, _ = examine(script(), Beside(PATH, document), bare, lambda: RULES, Options())
    assert (again.outcome, again.questions, again.findings) == (Outcome.REVIEW, first.questions, first.findings)


def test_details_are_kept_when_they_are_asked_for() -> None:
    kept, _ = examine(script(), Beside(PATH, written()), TARGET, lambda: RULES, Options(keep_details=True))
    assert kept.ledger
    assert kept.jobs


@pytest.mark.parametrize(("project", "said"), [("", "-p PROJECT"), ("my team", "-p 'my team'")])
def test_the_submit_command_can_be_pasted(project: str, said: str) -> None:
    command = submit_command("a b.yaml", Target(project=project), "Job")
    assert command == f"runai workload submit --file 'a b.yaml' {said}"


# --- many scripts ------------------------------------------------------------------------------------------


class Failing:
    """A converter that cannot do it: the one thing that the rules never do."""

    def __init__(self, error: ConversionError) -> None:
        self.error = error

    def convert(self, request: ConversionRequest) -> ConversionResult:
        raise self.error


@pytest.mark.parametrize(
    ("error", "outcome", "rule"),
    [
        pytest.param(
            ConversionError("not this one", hint="change it"), Outcome.FAILED, "conversion-failed", id="this script"
        ),
        pytest.param(ConverterUnavailableError("later"), Outcome.ERRORED, "conversion-failed", id="not now"),
    ],
)
def test_a_converter_that_fails_is_told(error: ConversionError, outcome: Outcome, rule: str) -> None:
    world = World(
        read=lambda path: TEXT.encode() if path.endswith(".sh") else None,
        target=lambda path: TARGET,
        manifest_path=lambda path: path + ".runai.yaml",
        converter=lambda: Failing(error),
    )
    candidate = Candidate(path="jobs/fit.sh", script_class=ScriptClass.BATCH)
    (verdict,) = scan([candidate], world, Options()).verdicts
    assert verdict.outcome is outcome
    assert rule in {finding.rule.id for finding in verdict.findings}


def real_world(root: Path, *, write: bool) -> World:
    def read(path: str) -> bytes | None:
        file = root / path
        if "broken" in path:
            raise IncompleteError("permission denied", where=path)
        return file.read_bytes() if file.exists() else None

    return World(
        read=read,
        target=lambda path: TARGET,
        manifest_path=lambda path: path + ".runai.yaml",
        converter=lambda: RULES,
        keeper=(lambda: FileStore(str(root))) if write else None,
    )


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_scripts_keep_their_order_and_one_bad_one_hides_no_other(tmp_path: Path, jobs: int) -> None:
    names = [f"{number:03}.sh" for number in range(250)]
    for number, name in enumerate(names):
        (tmp_path / name).write_text(TEXT.replace("job-name=fit", f"job-name=fit-{number}"))
    seen: list[int] = []
    candidates = [Candidate(path=name, script_class=ScriptClass.BATCH) for name in [*names, "broken.sh", "gone.sh"]]
    report = scan(
        candidates, real_world(tmp_path, write=True), Options(write=True), verb="write", jobs=jobs,
        progress=lambda done, total: seen.append(done),
    )  # fmt: skip
    assert [verdict.path for verdict in report.verdicts] == [candidate.path for candidate in candidates]
    assert Counter(verdict.outcome for verdict in report.verdicts) == {Outcome.PASSED: 250, Outcome.ERRORED: 2}
    assert seen[-1] == 252
    assert len(list(tmp_path.glob("*.runai.yaml"))) == 250
    again = scan(candidates[:250], real_world(tmp_path, write=False), Options(), jobs=jobs)
    assert {verdict.state for verdict in again.verdicts} == {"current"}
    assert again.outcome is Outcome.PASSED


def test_fail_on_decides_what_fails() -> None:
    text = TEXT + "#SBATCH --hold\n"
    for level, outcome in ((Level.ERROR, Outcome.PASSED), (Level.WARNING, Outcome.FAILED)):
        verdict, _ = examine(script(text), Beside(PATH), TARGET, lambda: RULES, Options(write=True, fail_on=level))
        assert verdict.outcome is outcome
