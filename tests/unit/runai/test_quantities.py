"""Kubernetes quantities, both ways."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci.errors import MalformedReplyError
from s2r_ci.runai.quantities import cpu_millis, cpu_text, memory_bytes, memory_text, quantity

SPELLINGS: list[tuple[str | float, Fraction | int]] = [
    ("0", 0),
    ("8", 8),
    ("+8", 8),
    ("-8", -8),
    ("08", 8),
    ("1.5", Fraction(3, 2)),
    ("1.", 1),
    (".5", Fraction(1, 2)),
    ("1500m", Fraction(3, 2)),
    ("100u", Fraction(1, 10**4)),
    ("5n", Fraction(5, 10**9)),
    ("0.5n", Fraction(1, 10**9)),
    ("1k", 1000),
    ("1M", 10**6),
    ("1G", 10**9),
    ("1T", 10**12),
    ("1P", 10**15),
    ("1E", 10**18),
    ("1Ki", 2**10),
    ("1Mi", 2**20),
    ("1.5Gi", 3 * 2**29),
    ("1Ti", 2**40),
    ("1Pi", 2**50),
    ("1Ei", 2**60),
    ("1e3", 1000),
    ("1E3", 1000),
    ("12e-1", Fraction(6, 5)),
    ("1e+2", 100),
    ("9223372036854775807", 2**63 - 1),
    (8, 8),
    (0.5, Fraction(1, 2)),
    (1e-07, Fraction(1, 10**7)),
]


@pytest.mark.parametrize(("text", "value"), SPELLINGS, ids=[str(case[0]) for case in SPELLINGS])
def test_every_spelling_is_read_exactly(text: str | float, value: Fraction | int) -> None:
    assert quantity(text) == value


REFUSED = [
    "", " ", "x", "1 ", " 1", "1K", "1ki", "32GB", "32gb", "1mi", "Gi", ".", "+", "--1", "1,5", "1_000", "0x10", "1e",
    "1e3Ki", "1Gi2", "1.2.3", "١", "1\n", "nan", "inf", "9223372036854775808", "8Ei", "10E",
    "1e99", "1e999", "1e9999999999",
    "9" * 65, True, False, float("nan"), float("inf"), 1e300,
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_what_is_no_quantity_is_refused(text: str | float) -> None:
    with pytest.raises(MalformedReplyError):
        quantity(text)


@pytest.mark.parametrize(
    ("mib", "text"),
    [
        (0, "0"),
        (1, "1Mi"),
        (1000, "1000Mi"),
        (1024, "1Gi"),
        (1536, "1536Mi"),
        (32768, "32Gi"),
        (2**20, "1Ti"),
        (2**20 + 1024, "1025Gi"),
    ],
)
def test_memory_is_written_in_the_largest_unit_that_holds_it(mib: int, text: str) -> None:
    assert memory_text(mib) == text
    assert memory_bytes(text) == mib * 2**20


@pytest.mark.parametrize(
    ("cpus", "text"),
    [(8, "8"), (Fraction(3, 2), "1500m"), (Fraction(1, 3), "334m"), (0, "0"), (Fraction(8), "8")],
)
def test_cpus_are_written_whole_or_in_thousandths(cpus: int | Fraction, text: str) -> None:
    assert cpu_text(cpus) == text


@pytest.mark.parametrize(
    ("text", "millis"), [("8", 8000), ("1.5", 1500), ("1500m", 1500), ("0.0001", 1), (2, 2000)]
)
def test_cpus_are_read_in_thousandths_rounded_up(text: str | float, millis: int) -> None:
    assert cpu_millis(text) == millis


@pytest.mark.parametrize(("text", "octets"), [("1G", 10**9), ("1Gi", 2**30), ("1500m", 2), ("1e3", 1000)])
def test_memory_is_read_in_octets_rounded_up(text: str, octets: int) -> None:
    assert memory_bytes(text) == octets


@given(st.integers(0, 2**40))
def test_memory_comes_back(mib: int) -> None:
    assert memory_bytes(memory_text(mib)) == mib * 2**20


@given(st.text(max_size=20))
def test_any_text_is_a_quantity_or_our_error(text: str) -> None:
    try:
        found = quantity(text)
    except MalformedReplyError:
        return
    assert abs(found) <= 2**63 - 1
