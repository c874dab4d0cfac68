"""The inventory: what goes by rule, which answers serve most, and a site map to copy."""

import json
import tomllib

import pytest

from s2r_ci.model import Candidate, ScriptClass
from s2r_ci.render import Style
from s2r_ci.render.audit import AuditSummary, render_audit, render_audit_json

SUMMARY = AuditSummary(
    scripts=40,
    by_rule=10,
    need_answer=25,
    refused=5,
    others={"template": 1},
    questions=(
        ("image", "which image?", 'image = "x"', 25),
        *((f"variable.V{n}", "what?", "variables", 1) for n in range(14)),
    ),
    resources={"gpus": 1280.0, "cpus": 0.0, "gpu_hours": 12345.5},
    unmapped={"partitions": {"gpu\x1b[31m": 30, **{f"p{n}": 1 for n in range(12)}}, "accounts": {}},
    site_map='[tool.s2r-ci.site.partitions]\n"gpu" = ["NODE-POOL"]  # 30 scripts\n',
    classes=(Candidate(path="a\udcff.j2", script_class=ScriptClass.TEMPLATE, reason="Jinja", line=3),),
)


def test_the_forecast_stands_first() -> None:
    lines = render_audit(SUMMARY, Style()).splitlines()
    assert lines[0] == "40 batch scripts"
    assert lines[1].split(maxsplit=3) == ["10", "25", "%", "go by rule as they are"]
    assert lines[4] == "1 other file mentions #SBATCH (1 template)"


def test_the_lists_are_short_unless_all_is_asked_for() -> None:
    calm, everything = render_audit(SUMMARY, Style()), render_audit(SUMMARY, Style(verbose=1))
    assert "variable.V13" not in calm
    assert "and 5 more (--verbose shows all)" in calm
    assert "variable.V13" in everything
    assert '"a\\xff.j2":3  template: Jinja' in everything


def test_totals_of_nothing_are_left_out() -> None:
    shown = render_audit(SUMMARY, Style())
    assert "1,280  GPUs" in shown
    assert "12,345.5  GPU hours" in shown
    assert "CPUs" not in shown
    assert "Accounts" not in shown


def test_the_site_map_stands_last_and_is_toml() -> None:
    shown = render_audit(SUMMARY, Style())
    start = shown.index("  [tool.s2r-ci.site.partitions]")
    assert tomllib.loads(shown[start:])["tool"]["s2r-ci"]["site"] == {"partitions": {"gpu": ["NODE-POOL"]}}


@pytest.mark.parametrize("summary", [SUMMARY, AuditSummary()], ids=["rich", "empty"])
@pytest.mark.parametrize("verbose", [0, 1])
def test_names_cannot_move_the_terminal(summary: AuditSummary, verbose: int) -> None:
    assert "\x1b" not in render_audit(summary, Style(verbose=verbose))
    render_audit_json(summary, Style()).encode("utf-8")


def test_classes_are_counted_where_the_files_are_not_kept() -> None:
    assert "mention #SBATCH: 3 driver" in render_audit(AuditSummary(others={"driver": 3}), Style())


def test_the_json_holds_everything() -> None:
    shape = json.loads(render_audit_json(SUMMARY, Style()))
    assert shape["scripts"] == 40
    assert len(shape["questions"]) == 15
    assert shape["questions"][0] == {"key": "image", "text": "which image?", "answer": 'image = "x"', "scripts": 25}
    assert shape["files"] == [{"path": "a\\xff.j2", "class": "template", "line": 3, "reason": "Jinja"}]
    assert shape["unmapped"]["partitions"]["gpu\x1b[31m"] == 30
