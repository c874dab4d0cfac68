"""The manifest as a file: header, notes, digest."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci import rules
from s2r_ci.model import Finding, Location, Question, Service, Site, Target, Volume
from s2r_ci.runai.digests import target_digest
from s2r_ci.runai.document import (
    MARKER,
    Notes,
    Stamp,
    is_ours,
    question_open,
    read_document,
    write_document,
)

STAMP = Stamp(
    tool_version="0.1.0",
    mapping_version=1,
    source="jobs/train.sh",
    source_digest="a" * 64,
    settings_digest="0123456789abcdef",
    converter="rules",
    target="kubernetes",
)
NOTES = Notes(
    kind="Job",
    findings=(
        Finding(
            rule=rules.LATE_DIRECTIVE,
            message="--mem stands behind `cd`",
            location=Location(path="jobs/train.sh", line=12, column=1),
            subject="memory",
        ),
        Finding(
            rule=rules.SHORT_OPTION_EQUALS,
            message="-p=gpu | a pipe",
            location=Location(path="jobs/train.sh.runai.yaml", line=3),
            suppression="the partition is called =gpu",
        ),
    ),
    questions=(
        Question(
            key="image",
            text="Which image?",
            location=Location(path="jobs/train.sh"),
            answer='image = "..." in [tool.s2r-ci]',
        ),
    ),
)
SUBMIT = "runai workload submit --file train.sh.runai.yaml -p team-a"
YAML = "apiVersion: batch/v1\nkind: Job\n"


def test_a_question_and_its_finding_are_one_line() -> None:
    (question,) = NOTES.questions
    notes = NOTES._replace(findings=(*NOTES.findings, question_open(question)))
    data = write_document(STAMP, notes, SUBMIT, YAML)
    document = read_document(data)
    assert document is not None
    assert document.notes == notes
    assert data.count(b"Which image?") == 1


@given(st.lists(st.integers(0, 4), max_size=6), st.lists(st.integers(0, 4), max_size=6, unique=True))
def test_questions_and_findings_keep_their_order(told: list[int], asked: list[int]) -> None:
    questions = [replace(NOTES.questions[0], key=f"variable.{number}") for number in range(5)]
    findings = tuple(question_open(questions[number]) for number in dict.fromkeys(told))
    notes = Notes("Job", (*NOTES.findings[:1], *findings), tuple(questions[number] for number in asked))
    document = read_document(write_document(STAMP, notes, SUBMIT, YAML))
    assert document is not None
    assert document.notes == notes


def test_the_file_looks_like_this() -> None:
    text = write_document(STAMP, NOTES, SUBMIT, YAML).decode()
    digest = text.partition("content sha256:")[2].split()[0]
    assert text == (
        "# s2r-ci manifest\n"
        "#   tool:            0.1.0\n"
        "#   mapping:         1\n"
        "#   source:          jobs/train.sh\n"
        f"#   source sha256:   {'a' * 64}\n"
        "#   settings digest: 0123456789abcdef\n"
        "#   converter:       rules\n"
        "#   target:          kubernetes\n"
        "#   submit:          runai workload submit --file train.sh.runai.yaml -p team-a\n"
        f"#   content sha256:  {digest}\n"
        "#\n"
        "# kind: Job\n"
        "# finding: warning | late-directive | 12:1 | memory | --mem stands behind `cd`\n"
        "# finding: warning | short-option-equals | 3 |  | -p=gpu \\x7c a pipe | the partition is called =gpu"
        " | at jobs/train.sh.runai.yaml\n"
        '# asked: image | 0 | Which image? | image = "..." in [tool.s2r-ci]\n'
        "#\n"
        "apiVersion: batch/v1\n"
        "kind: Job\n"
    )


def test_a_file_is_read_back() -> None:
    data = write_document(STAMP, NOTES, SUBMIT, YAML)
    document = read_document(data)
    assert document is not None
    assert document.intact
    assert document.stamp._replace(content_digest="") == STAMP
    assert document.notes == NOTES
    assert document.submit == SUBMIT
    assert document.content.endswith(YAML.encode())
    assert data.split(b"\n", document.header_lines)[-1] == document.content


TEXTS = st.one_of(
    st.text(max_size=30),
    st.text(st.sampled_from(list(" |\\x7cu\n\r\t#:.at\udc80\udcff\u2028\u3000\ufeff\x85é")), max_size=12),
)
NUMBERS = st.integers(0, 10**6)
LOCATIONS = st.builds(
    lambda path, line, column: Location(path=path, line=line, column=column), TEXTS, NUMBERS, NUMBERS
)
FINDINGS = st.builds(
    lambda rule, message, location, subject, suppression: Finding(
        rule=rule, message=message, location=location, subject=subject, suppression=suppression
    ),
    st.sampled_from(sorted(rules.RULES.values(), key=lambda rule: rule.id)),
    TEXTS,
    LOCATIONS,
    TEXTS,
    TEXTS,
)
QUESTIONS = st.builds(
    lambda key, text, location, answer: Question(key=key, text=text, location=location, answer=answer),
    TEXTS,
    TEXTS,
    LOCATIONS,
    TEXTS,
)


@given(TEXTS, TEXTS, TEXTS, st.lists(FINDINGS, max_size=3), st.lists(QUESTIONS, max_size=3), TEXTS)
def test_every_note_and_path_comes_back(
    source: str, kind: str, submit: str, findings: list[Finding], questions: list[Question], converter: str
) -> None:
    stamp = STAMP._replace(source=source, converter=converter)
    notes = Notes(kind=kind, findings=tuple(findings), questions=tuple(questions))
    data = write_document(stamp, notes, submit, YAML)
    document = read_document(data)
    assert document is not None
    assert document.intact
    assert document.stamp._replace(content_digest="") == stamp
    assert (document.notes, document.submit) == (notes, submit)
    assert all(line.startswith(b"#") for line in data.split(b"\n")[: -len(YAML.split("\n"))])


def edited(old: str, new: str) -> bytes:
    text = write_document(STAMP, NOTES, SUBMIT, YAML).decode()
    assert old in text
    return text.replace(old, new, 1).encode()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(edited("a", "a") + b"x: y\n", id="line added"),
        pytest.param(edited("batch/v1", "batch/v2"), id="field changed"),
        pytest.param(edited("--mem stands", "--mem stood"), id="note changed"),
        pytest.param(edited("# kind: Job\n", ""), id="note deleted"),
        pytest.param(edited("content sha256:  ", "content sha256:  0"), id="digest changed"),
        pytest.param(edited("#   content", "#   contents"), id="digest line damaged"),
        pytest.param(edited("\n", "\r\n"), id="first line end changed"),
        pytest.param(b"\xef\xbb\xbf" + edited("Job", "Job"), id="mark in front"),
        pytest.param(edited("a", "a").replace(b"\n", b"\r\n"), id="line ends changed"),
        pytest.param(edited("a", "a")[:300], id="cut"),
        pytest.param(MARKER.encode(), id="marker alone"),
        pytest.param(MARKER.encode() + b"\n<<<<<<< HEAD\n", id="merge conflict"),
        pytest.param(MARKER.encode() + b"\n#   mapping: x\n#   source: \\xzz\\U00ffffff\n", id="header nonsense"),
    ],
)
def test_an_edited_file_is_ours_and_not_intact(data: bytes) -> None:
    assert is_ours(data[:64])
    document = read_document(data)
    assert document is not None
    assert not document.intact
    assert document.notes == Notes()


def test_an_edit_leaves_the_stamp_readable() -> None:
    document = read_document(edited("batch/v1", "batch/v2"))
    assert document is not None
    assert (document.stamp.source, document.stamp.source_digest) == (STAMP.source, STAMP.source_digest)


@pytest.mark.parametrize(
    "data",
    [b"", b"#", b"apiVersion: v1\n", b"# s2r-ci manifests\n", b"\n# s2r-ci manifest\n", b"# s2r-ci", b"\xff\x00"],
)
def test_a_foreign_file_is_not_ours(data: bytes) -> None:
    assert not is_ours(data)
    assert read_document(data) is None


def test_a_note_of_an_unknown_rule_makes_the_file_not_intact(monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_document(STAMP, NOTES, SUBMIT, YAML)
    without = {name: rule for name, rule in rules.RULES.items() if rule is not rules.LATE_DIRECTIVE}
    monkeypatch.setattr("s2r_ci.runai.document.RULES", without)  # the table itself keeps its order
    document = read_document(data)
    assert document is not None
    assert not document.intact


@pytest.mark.parametrize(
    "note",
    [
        "# finding: error | late-directive | 12 | | another level",
        "# finding: warning | late-directive | twelve",
        "# finding: warning | late-directive | 1:x",
        "# finding: ",
        "# question: image | -1",
        "# surprise: x",
        "nothing",
        "",
    ],
)
def test_a_note_that_cannot_be_read_makes_the_file_not_intact(note: str) -> None:
    import hashlib

    content = f"#\n# kind: Job\n{note}\n#\n{YAML}".encode()
    head = f"{MARKER}\n#   source: a.sh\n#   content sha256: {hashlib.sha256(content).hexdigest()}\n".encode()
    document = read_document(head + content)
    assert document is not None
    assert not document.intact


@given(st.binary(max_size=200), st.booleans())
def test_any_octets_are_a_document_or_none(data: bytes, marked: bool) -> None:
    text = MARKER.encode() + b"\n" + data if marked else data
    document = read_document(text)
    assert (document is not None) == is_ours(text)


# --- the digest of a target --------------------------------------------------------------------------------

SITE = Site(
    partitions={"gpu": ("h100", "a100"), "cpu": ("default",)},
    qos={"long": Service(priority="low")},
    volumes={"/data": Volume(claim="data")},
    gpus={"a100": {"k": "v"}},
)
TARGET = Target(project="team-a", variables={"A": "1", "B": "2"}, site=SITE)

CHANGES: list[dict[str, Any]] = [
    {"name": "rest"},
    {"image": "x"},
    {"gpus": 0},
    {"gpus": 1},
    {"memory_mib": 1},
    {"arguments": ("a", "b")},
    {"arguments": ("b", "a")},
    {"variables": {"A": "1"}},
    {"image_allow": ("x",)},
    {"site": Site()},
    {"site": replace(SITE, partitions={"gpu": ("a100", "h100"), "cpu": ("default",)})},
    {"site": replace(SITE, qos={"long": Service(priority="low", preemptibility="preemptible")})},
    {"site": replace(SITE, volumes={"/data": Volume(claim="data", read_only=True)})},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_setting_that_matters_changes_the_digest(change: dict[str, Any]) -> None:
    assert target_digest(replace(TARGET, **change)) != target_digest(TARGET)


def test_the_digest_does_not_depend_on_the_order_of_mappings() -> None:
    turned = replace(
        TARGET,
        variables=dict(reversed(list(TARGET.variables.items()))),
        site=replace(SITE, partitions=dict(reversed(list(SITE.partitions.items())))),
    )
    assert turned is not TARGET
    assert target_digest(turned) == target_digest(TARGET)


def test_the_digest_of_known_settings_stays_what_it_is() -> None:
    assert target_digest(Target()) == "44136fa355b3678a"
    assert target_digest(Target(image="a")) == "a4db6e5b124155fd"


def test_the_digest_holds_with_octets_that_are_not_utf_8() -> None:
    assert len(target_digest(Target(working_directory="/x\udcff"))) == 16


def test_many_targets_are_told_apart() -> None:
    assert len({target_digest(Target(project=str(number))) for number in range(200)}) == 200


def test_reading_a_document_loads_no_yaml_schema_or_grammar() -> None:
    code = (
        "import sys; from s2r_ci.runai.document import read_document; read_document(b'# s2r-ci manifest\\n');"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"yaml", "jsonschema", "jsonschema_rs", "tree_sitter", "requests"} & set(done.stdout.split())
