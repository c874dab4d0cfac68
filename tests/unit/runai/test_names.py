"""Names that Kubernetes takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci.runai.names import object_name

DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@pytest.mark.parametrize(
    ("job_name", "name"),
    [
        ("train", "train"),
        ("Train_A 2", "train-a-2"),
        ("a__b..c", "a-b-c"),
        ("-x-", "x"),
        ("3d", "job-3d"),
        ("", "job"),
        ("___", "job"),
        ("日本", "job"),
        ("été", "t"),
        ("İ", "i"),
        ("x" * 70, "x" * 63),
        ("x" * 62 + "-y", "x" * 62),
        ("7" * 70, "job-" + "7" * 59),
    ],
)
def test_a_job_name_becomes_a_label(job_name: str, name: str) -> None:
    assert object_name(job_name) == name


def test_a_suffix_keeps_its_room() -> None:
    assert object_name("x" * 70, suffix=len("-worker-12")) == "x" * 53
    assert object_name("short", suffix=10) == "short"


@given(st.text(max_size=80), st.integers(0, 58))
def test_every_name_is_a_label_of_the_right_length(job_name: str, suffix: int) -> None:
    name = object_name(job_name, suffix=suffix)
    assert DNS_1035.fullmatch(name)
    assert len(name) <= 63 - suffix
    assert object_name(name, suffix=suffix) == name
