"""One rich report that every face shows: all outcomes, all levels, hostile names, equal questions, an ignore."""

from typing import Final

from s2r_ci import rules
from s2r_ci.model import (
    Candidate,
    Disposition,
    Finding,
    Item,
    ItemKind,
    LedgerEntry,
    Level,
    Location,
    Outcome,
    Question,
    Report,
    Rule,
    ScriptClass,
    Verdict,
)


def finding(rule: Rule, message: str, path: str, line: int = 0, column: int = 0, **more: str) -> Finding:
    return Finding(rule=rule, message=message, location=Location(path=path, line=line, column=column), **more)


def question(key: str, path: str, line: int, text: str, answer: str) -> Question:
    return Question(key=key, text=text, location=Location(path=path, line=line), answer=answer)


def image(path: str) -> Question:
    answer = 'image = "registry.example.com/ml:1" in [tool.s2r-ci]'
    return question("image", path, 1, "no image is known that holds the software of this script", answer)


def entry(path: str, line: int, name: str, value: str, disposition: Disposition, field: str) -> LedgerEntry:
    item = Item(kind=ItemKind.DIRECTIVE, name=name, value=value, location=Location(path=path, line=line, column=9))
    return LedgerEntry(item=item, disposition=disposition, field=field, reason=f"--{name} says so")


HOSTILE: Final = "jobs/a\nb\x1b[31m\u202egpj.sh\udcff"
TEMPLATED: Final = "spec.template.spec"

GOOD: Final = Verdict(
    path="jobs/train.sh",
    kind="PyTorchJob",
    manifest_path="jobs/train.sh.runai.yaml",
    state="current",
    findings=(finding(rules.NOT_EXPRESSIBLE, "--mail-type has no counterpart", "jobs/train.sh", 7, 9),),
    ledger=(
        entry("jobs/train.sh", 3, "nodes", "2", Disposition.EXACT, "spec.pytorchReplicaSpecs.Worker.replicas"),
        entry("jobs/train.sh", 7, "mail-type", "END", Disposition.NOT_EXPRESSIBLE, ""),
    ),
)
ASKING: Final = Verdict(
    path="jobs/fit.sh",
    outcome=Outcome.REVIEW,
    kind="Job",
    manifest_path="manifests/fit.sh.runai.yaml",
    state="written",
    questions=(
        image("jobs/fit.sh"),
        question("partition.gpu|a", "jobs/fit.sh", 4, "which node pool is gpu|a?", 'partitions."gpu|a" = ["POOL"]'),
    ),
    findings=(finding(rules.QUESTION_OPEN, "no image is known", "jobs/fit.sh", 1, subject="image"),),
)
ASKING_TOO: Final = Verdict(
    path="jobs/eval.sh", outcome=Outcome.REVIEW, kind="Job", state="unwritten", questions=(image("jobs/eval.sh"),)
)
FAILING: Final = Verdict(
    path="jobs/bad, 100%: x.sh",
    outcome=Outcome.FAILED,
    kind="Job",
    manifest_path="jobs/bad, 100%: x.sh.runai.yaml",
    state="stale",
    findings=(
        finding(rules.UNKNOWN_DIRECTIVE, "--gpsu is not an option of sbatch", "jobs/bad, 100%: x.sh", 3, 9),
        finding(rules.GPU_COUNT_CHANGED, "the script asks 4, the manifest 1", "jobs/bad, 100%: x.sh", 5, 9),
        finding(rules.GPU_COUNT_CHANGED, "and 2 in the worker", "jobs/bad, 100%: x.sh", 5, 9),
        finding(
            rules.LATE_DIRECTIVE,
            "line 9 is late",
            "jobs/bad, 100%: x.sh",
            9,
            subject="mem",
            suppression="kept | so",
        ),
    ),
)
NASTY: Final = Verdict(
    path=HOSTILE,
    outcome=Outcome.FAILED,
    findings=(
        finding(
            rules.SCRIPT_REFUSED,
            "##[error]boom\r::add-mask::a <img src=x> `x` | @org/team fixes #1 100%25",
            HOSTILE,
            2,
        ),
    ),
)
SKIPPED: Final = Verdict(path="jobs/old.sh", outcome=Outcome.SKIPPED)
ERRORED: Final = Verdict(
    path="jobs/broken.sh",
    outcome=Outcome.ERRORED,
    findings=(finding(rules.CONVERSION_FAILED, "the converter cannot be reached", "jobs/broken.sh"),),
)

REPORT: Final = Report(
    tool_version="1.2.3",
    verdicts=(GOOD, ASKING, ASKING_TOO, FAILING, NASTY, SKIPPED, ERRORED),
    others=(
        Candidate(path="docs/use.md", script_class=ScriptClass.DOCUMENTATION, reason="Markdown", line=12),
        Candidate(path="tpl/a.sh.j2", script_class=ScriptClass.TEMPLATE, reason="line 3 holds {{ gpus }}", line=3),
        Candidate(path="tpl/b.sh.j2", script_class=ScriptClass.TEMPLATE, reason="line 3 holds {{ gpus }}", line=3),
    ),
    findings_elsewhere=(
        finding(rules.MANIFEST_ORPHANED, "jobs/gone.sh is gone", "jobs/gone.sh.runai.yaml", subject="jobs/gone.sh"),
    ),
    fail_on=Level.ERROR,
    examined=120,
    incomplete="1 file could not be read",
)
EMPTY: Final = Report(tool_version="1.2.3", examined=4)
