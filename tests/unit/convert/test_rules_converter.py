"""The converter by rules: what it returns, what it refuses, what it says aloud."""

from dataclasses import replace

import pytest

from s2r_ci.convert import CONVERTERS, load_converter
from s2r_ci.errors import ConfigurationError, ConversionError
from s2r_ci.model import Disposition, ItemKind, Target
from tests.jobs import ANSWERED, item, job, request, step


def test_every_converter_of_the_table_can_be_loaded() -> None:
    parts = {"rules": (), "service": (None, None, None)}
    loaded = {type(load_converter(name, *parts[name])).__name__ for name in CONVERTERS}
    assert loaded == {"RulesConverter", "ServiceConverter"}


def test_an_unknown_converter_is_a_configuration_error_that_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="no converter 'magic'") as caught:
        load_converter("magic")
    assert "rules" in caught.value.hint


def test_an_unknown_target_is_a_configuration_error_that_names_the_supported_ones() -> None:
    with pytest.raises(ConfigurationError, match="'magic'") as caught:
        load_converter("rules").convert(request(job(), target=Target(name="magic")))
    assert "kubernetes" in caught.value.hint


def test_an_array_over_nodes_is_a_conversion_error() -> None:
    with pytest.raises(ConversionError):
        load_converter("rules").convert(request(job(array=(1, 2), nodes=2)))


def test_the_ledger_holds_each_item_once_in_its_order() -> None:
    made = job(
        options={"job-name": "a", "time": "60", "mem": "1G", "no-such-option": "1"},
        items=tuple(item(kind, name, value) for kind in ItemKind if kind is not ItemKind.DIRECTIVE
                    for name, value in (("srun", "srun x"), ("/data/x", ""), ("$1", ""), ("docker", "team/x"))),
    )  # fmt: skip
    result = load_converter("rules").convert(request(made))
    assert [entry.item for entry in result.ledger] == list(made.inventory)
    assert all(entry.reason and not entry.reason.endswith(".") for entry in result.ledger)
    assert all(entry.field or entry.disposition is not Disposition.EXACT for entry in result.ledger[:3])


def test_each_open_question_is_one_note_with_its_answer() -> None:
    result = load_converter("rules").convert(request(job(), target=Target()))
    said = [note for note in result.notes if note.rule.id == "question-open"]
    assert [note.subject for note in said] == [asked.key for asked in result.questions] == ["image", "memory"]
    assert all(asked.answer in note.message for asked, note in zip(result.questions, said, strict=True))


def test_losses_that_change_results_are_said_once_and_harmless_ones_not() -> None:
    options = {"dependency": "singleton", "mail-user": "a@b", "comment": "x", "begin": "16:00"}
    made = job(options=options, items=(item(ItemKind.COMMAND, "sbatch", "sbatch a"),) * 2, commands=("sbatch",))
    result = load_converter("rules").convert(request(made, target=replace(ANSWERED, accepted=("submits",))))
    assert [note.subject for note in result.notes] == ["dependency", "begin", "sbatch"]
    assert {note.rule.id for note in result.notes} == {"not-expressible"}


def test_a_script_with_every_answer_raises_no_finding() -> None:
    made = job(options={"time": "60"}, steps=(step("srun", "python"),), memory_per_node_mib=1024)
    assert load_converter("rules").convert(request(made, "#!/bin/bash\nsrun python fit.py\n")).notes == ()
