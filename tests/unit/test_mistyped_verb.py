"""A bare word that is neither a verb nor a path names the verbs."""

import pytest

from s2r_ci.cli import VERBS, main


def test_a_mistyped_verb_is_told_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chekc"]) == 2
    told = capsys.readouterr().err
    assert "no such verb" in told
    assert all(verb in told for verb in VERBS)
