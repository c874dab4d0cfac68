"""A script beside its manifest: every entry under its line, and the way back from every line of the manifest."""

import pytest

from s2r_ci import rules
from s2r_ci.model import (
    Component,
    ConversionResult,
    Disposition,
    Header,
    Item,
    ItemKind,
    LedgerEntry,
    Location,
    Manifest,
    Provenance,
    Question,
    Reading,
    Script,
)
from s2r_ci.render import Style
from s2r_ci.render.explain import render_explanation, side_by_side
from tests.render.sample import finding

PATH = "jobs/fit.sh"
SCRIPT = Script(
    path=PATH, data=b"#!/bin/bash\n#SBATCH --gres=gpu:2\n#SBATCH --mail-type=END\x0b\x1b[31m\npython fit.py\n"
)
DOCUMENT = """# a header
apiVersion: batch/v1
kind: Job
spec:
  template:
    spec:
      containers:
        - name: main
          resources:
            limits:
              nvidia.com/gpu: "2"
"""


def entry(line: int, name: str, value: str, disposition: Disposition, field: str) -> LedgerEntry:
    item = Item(kind=ItemKind.DIRECTIVE, name=name, value=value, location=Location(path=PATH, line=line, column=9))
    return LedgerEntry(item=item, disposition=disposition, field=field, reason=f"because of {name}")


RESULT = ConversionResult(
    manifest=Manifest(body={"kind": "Job"}),
    provenance=Provenance(converter="rules", version="1"),
    ledger=(
        entry(
            2,
            "gres",
            "gpu:2",
            Disposition.EXACT,
            "spec.template.spec.containers[0].resources.limits.nvidia.com/gpu",
        ),
        entry(3, "mail-type", "END", Disposition.NOT_EXPRESSIBLE, ""),
        entry(0, "partition", "gpu", Disposition.NEEDS_ANSWER, "metadata.nowhere"),
    ),
    questions=(Question(key="image", text="which image?", location=Location(path=PATH), answer='image = "..."'),),
)
READING = Reading(
    header=Header(
        stage="accepted",
        slurm="24.11",
        components=(
            Component(
                options={"gres": "gres/gpu:2", "requeue": "set", **{f"option-{n}": "x" * 12 for n in range(9)}},
                request={"min_nodes": 1, "environment": {"A": "never shown"}},
            ),
        ),
    )
)


def lines_of(document: str = DOCUMENT, style: Style | None = None, **given: object) -> list[str]:
    findings = (
        finding(rules.NOT_EXPRESSIBLE, "no mail", PATH, 3),
        finding(rules.QUESTION_OPEN, "which image?", PATH),
    )
    return render_explanation(SCRIPT, READING, (RESULT,), document, findings, style or Style()).splitlines()


def test_each_entry_stands_below_its_line() -> None:
    lines = lines_of()
    place = lines.index("     2 | #SBATCH --gres=gpu:2")
    field = "spec.template.spec.containers[0].resources.limits.nvidia.com/gpu"
    assert lines[place + 1] == f"       > exact           --gres=gpu:2 -> {field}: because of gres"
    assert "not-expressible" in lines[lines.index("     3 | #SBATCH --mail-type=END\\x0b\\x1b[31m") + 1]
    assert lines[lines.index("  from elsewhere (environment, command line, settings)") + 1].strip().startswith(">")


def test_each_line_of_the_manifest_names_the_line_it_comes_from() -> None:
    assert '    11 |               nvidia.com/gpu: "2"  <- line 2' in lines_of()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('gpu: "2"', 'gpu: "2"  # line 2: --gres=gpu:2', id="behind"),
        pytest.param(
            "              nvidia", "              # line 2: --gres=gpu:2\n              nvidia", id="above"
        ),
    ],
)
def test_what_a_comment_says_already_is_not_said_again(old: str, new: str) -> None:
    lines = lines_of(DOCUMENT.replace(old, new))
    assert any("# line 2" in line for line in lines)
    assert not any("<- line" in line for line in lines)


@pytest.mark.parametrize("document", ["a: [", "kind: Job\n"], ids=["no yaml", "another manifest"])
def test_a_manifest_that_leads_nowhere_is_shown_as_it_is(document: str) -> None:
    lines = lines_of(document)
    assert f"     1 | {document.strip()}" in lines
    assert not any("<- line" in line for line in lines)


def test_what_slurm_reads_stands_first_and_is_wrapped() -> None:
    lines = lines_of()
    assert lines[0] == "jobs/fit.sh: sbatch accepts it (Slurm 24.11, stage accepted)"
    assert lines[1].startswith("  options  --gres=gres/gpu:2 --requeue --option-0=")
    assert all(len(line) <= 100 for line in lines[:5])
    assert "  request  at least 1 node (min_nodes)" in lines
    assert not any("never shown" in line for line in lines)


def test_findings_and_questions_are_told() -> None:
    lines = lines_of()
    assert "  jobs/fit.sh:3: note[not-expressible]: no mail" in lines
    assert "  image — which image?" in lines
    assert '    answer in the settings: image = "..."' in lines
    assert sum("which image?" in line for line in lines) == 1


def test_a_refused_script_is_shown_without_a_manifest() -> None:
    refused = Reading(header=Header(stage="parse", slurm="24.11"))
    shown = render_explanation(SCRIPT, refused, (), "", (), Style())
    assert shown.startswith("jobs/fit.sh: sbatch refuses a directive (Slurm 24.11, stage parse)\n\nProgram\n")
    assert "Manifest" not in shown
    assert "Findings" not in shown


def test_an_empty_file_is_shown_empty() -> None:
    shown = render_explanation(Script(path="a", data=b""), READING, (), "", (), Style())
    assert shown.endswith("Script\n")


def test_colour_only_where_it_is_wanted() -> None:
    assert "\x1b[32mexact" in "\n".join(lines_of(style=Style(color=True)))
    assert "\x1b" not in "\n".join(lines_of())


def test_two_texts_stand_side_by_side() -> None:
    shown = side_by_side("a\n\tlong line indeed\nc", "1\n2\n3\n4", 25)
    assert shown == "a           | 1\n    long l… | 2\nc           | 3\n            | 4\n"


@pytest.mark.parametrize("text", ["中中中中中中中中", "\x1b[2J" * 9, "e\u0301" * 30, "\u202e" * 30], ids=repr)
def test_wide_and_hidden_characters_keep_the_columns(text: str) -> None:
    line = side_by_side(text, "|", 23).rstrip("\n")
    wide = sum(1 for letter in line if letter > "\u2fff")
    marks = line.count("\u0301")
    assert line.endswith(" | |")
    assert len(line) + wide - marks == 14


LONG = "args:\n- |\n" + "  text\n" * 40 + "- |\n  short\nnote: |  # line 3\n" + "  more\n\n" * 20 + "last: 1\n"


def test_long_texts_in_a_manifest_are_folded_unless_all_is_asked_for() -> None:
    lines = lines_of(LONG)
    shown = lines[lines.index("Manifest") + 1 :]
    assert [line.strip() for line in shown] == [
        "1 | args:",
        "2 | - |",
        ": 40 lines of text (--verbose shows them)",
        "43 | - |",
        "44 |   short",
        "45 | note: |  # line 3",
        ": 40 lines of text (--verbose shows them)",
        "86 | last: 1",
    ]
    assert sum("|   text" in line for line in lines_of(LONG, Style(verbose=1))) == 40


def test_a_component_that_asks_for_nothing_has_no_lines() -> None:
    bare = Reading(header=Header(stage="accepted", slurm="24.11", components=(Component(),)))
    assert render_explanation(SCRIPT, bare, (), "", (), Style()).splitlines()[1:3] == ["", "Program"]
