"""Targets with fewer fields: what one option leaves in a field is not taken for another's."""

import pytest

from s2r_ci.convert import load_converter
from s2r_ci.model import Disposition, Script, Site, Target
from s2r_ci.pipeline import walk

EXACT, NEAR, LOST = Disposition.EXACT, Disposition.APPROXIMATE, Disposition.NOT_EXPRESSIBLE
SITE = Site(features={"ib": {"net": "ib"}, "eth": {"net": "eth"}})


def ends(target: str, options: str) -> dict[str, Disposition]:
    script = Script(path="a.sh", data=f"#!/bin/bash\n#SBATCH {options} -c 4 -t 5 --mem=1G\ntrue\n".encode())
    result = walk(script, Target(name=target, image="a/b:1", site=SITE), load_converter("rules")).result
    assert result is not None
    return {entry.item.name: entry.disposition for entry in result.ledger}


@pytest.mark.parametrize(
    ("target", "options", "name", "end"),
    [
        ("kubernetes", "--exclusive --exclude=n1", "exclusive", NEAR),
        ("cli", "--exclusive --exclude=n1", "exclusive", LOST),
        ("rest", "--exclusive --exclude=n1", "exclusive", LOST),
        ("rest", "--exclusive --constraint=ib", "exclusive", LOST),
        ("v2alpha1", "--exclusive --exclude=n1", "exclusive", LOST),
        ("cli", "--exclusive --exclude=n1", "exclude", EXACT),
        ("rest", "--exclusive --exclude=n1", "exclude", EXACT),
        ("cli", "--nodelist=n2 --exclude=n1", "nodelist", LOST),
        ("rest", "--nodelist=n2 --exclude=n1", "nodelist", NEAR),
        ("rest", "--prefer=ib --exclude=n1", "prefer", LOST),
        ("cli", "--prefer=ib --exclude=n1", "prefer", LOST),
        ("rest", "--constraint=[ib|eth] --exclude=n1", "constraint", NEAR),
        ("cli", "--constraint=[ib|eth] --exclude=n1", "constraint", LOST),
    ],
)
def test_a_field_that_another_option_filled_keeps_nothing(
    target: str, options: str, name: str, end: Disposition
) -> None:
    assert ends(target, options)[name] is end
