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


def test_the_command_line_leaves_a_read_only_claim_out_says_so_and_is_not_refused() -> None:
    """It has no word for read-only; a claim that could be written would be another promise."""
    from s2r_ci.convert.rules import RulesConverter
    from s2r_ci.model import Disposition, Script, Site, Target, Volume
    from s2r_ci.pipeline import walk

    volumes = {"/data": Volume(claim="data", read_only=True), "/shelf": Volume(claim="work")}
    target = Target(image="a/b:1", memory_mib=1024, name="cli", site=Site(volumes=volumes))
    data = b"#!/bin/bash\n#SBATCH -n 1\npython a.py /data/in /shelf/out\n"
    walked = walk(Script(path="a.sh", data=data), target, RulesConverter())
    assert not [finding for finding in walked.findings if finding.rule.level.word == "error"]
    assert "claimname=work,path=/shelf" in walked.yaml_text
    assert "claimname=data" not in walked.yaml_text
    assert walked.result is not None
    ends = {str(entry.item): entry for entry in walked.result.ledger}
    assert ends["/data/in"].disposition is Disposition.NOT_EXPRESSIBLE
    assert "writable" in ends["/data/in"].reason
    assert ends["/shelf/out"].disposition is Disposition.EXACT
