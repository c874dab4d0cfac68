"""Slurm's amounts; every value was answered by a running release."""

from collections.abc import Sequence

import pytest

from s2r_ci.slurm import tres, units
from s2r_ci.slurm.troubles import RefusedError

NOW = (24, 11)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("45", "00:45:00"), ("90:30", "01:31:00"), ("1:30", "00:02:00"), ("0:30", "00:01:00"), ("2:00:00", "02:00:00"),
        ("3-0", "3-00:00:00"), ("3-", "3-00:00:00"), ("1-06:30", "1-06:30:00"), ("1-06:30:15", "1-06:31:00"),
        ("100:00:00", "4-04:00:00"), ("1:99:99", "02:41:00"), ("1-25:61:61", "2-02:03:00"), ("0", "UNLIMITED"),
        ("0:00:00", "UNLIMITED"), ("-1", "UNLIMITED"), ("Infinite", "UNLIMITED"), ("UNLIMITED", "UNLIMITED"),
        ("-5", "2982611-04:17:00"), ("99999999999", "2981813-22:48:00"), ("007", "00:07:00"),
    ],
)  # fmt: skip
def test_a_duration_is_read_and_spelled_as_slurm_does(text: str, spelled: str) -> None:
    total = units.minutes(text)
    assert total is not None
    assert units.clock(total) == spelled


@pytest.mark.parametrize(
    "text",
    ["4h", "1.5", "30:", ":30", "1:2:3:4", "1-2-3", "+5", "1,5", "", " 5", "5 ", "-", "--5", "-1:30", "\u0663"],
)
def test_a_duration_is_refused(text: str) -> None:
    assert units.minutes(text) is None


@pytest.mark.parametrize(
    ("text", "mib", "spelled"),
    [
        ("2500", 2500, "2500"), ("3gb", 3072, "3G"), ("2049k", 3, "3"), ("1500K", 2, "2"), ("+2G", 2048, "2G"),
        (" 4G", 4096, "4G"), ("0", 0, "0?"), ("1TB", 1024**2, "1T"), ("3072G", 3 * 1024**2, "3T"),
        ("9999999T", 9999999 * 1024**2, "9999999T"), ("1024", 1024, "1G"), ("4kb", 1, "1"),
    ],
)  # fmt: skip
def test_a_size_is_read_in_mib_and_spelled_as_slurm_does(text: str, mib: int, spelled: str) -> None:
    assert units.mebibytes(text) == mib
    assert units.size(mib) == spelled


@pytest.mark.parametrize(
    "text",
    [
        "1.5G",
        "16Gi",
        "16GiB",
        "1P",
        "1024B",
        "4,000",
        "1e3",
        "-1",
        "max",
        "4 G",
        "4G ",
        "",
        "G",
        "9" * 20,
        "9" * 5000,
    ],
)
def test_a_size_is_refused(text: str) -> None:
    assert units.mebibytes(text) is None


@pytest.mark.parametrize(("text", "number"), [("4", 4), ("+4", 4), ("0008", 8), (" 4", 4)])
def test_a_whole_number_passes(text: str, number: int) -> None:
    assert units.whole(text, NOW) == number


@pytest.mark.parametrize(
    "text", ["0", "-1", "4k", "4.5", "0x10", "4-8", "2;", "4 ", "", "2147483647", "\u00b2", "9" * 5000]
)
def test_a_whole_number_is_refused(text: str) -> None:
    assert units.whole(text, NOW) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("3", (3, 3)), ("2-5", (2, 5)), ("-4", (1, 4)), ("-1", (1, 1)), ("1k", (1024, 1024)), (" 3", (3, 3)),
        ("3 ", (3, 3)), ("2- 3", (2, 3)), ("2,4,8", (2, 8)), ("2-8:2", (2, 6)), ("1-5:2", (1, 3)), ("2,", (0, 2)),
        ("4,2", (2, 4)), ("1-3,7-9", (1, 9)), ("2-4:2", (2, 2)), (",2", units.NO_NODES), ("0", (0, 0)),
    ],
)  # fmt: skip
def test_a_node_count_gives_least_and_most(text: str, count: tuple[int, int]) -> None:
    assert units.node_count(text, NOW) == count


@pytest.mark.parametrize("text", ["2-", "1.5", "4x", "two", "", "2-8:0", "4:2", "2-4,1-8:3", "99999999999"])
def test_a_node_count_is_refused(text: str) -> None:
    assert units.node_count(text, NOW) is None


def test_a_list_of_node_counts_is_refused_before_23_02() -> None:
    assert units.node_count("1,3", (22, 5)) is None


@pytest.mark.parametrize(
    ("text", "ids", "throttle"),
    [
        ("0-31", range(32), 0), ("0-20:5", range(0, 21, 5), 0), ("1-100%8", range(1, 101), 8),
        ("[3-6]%2", range(3, 7), 2),
        ("1,4,9", (1, 4, 9), 0), ("8,2,4-5", (2, 4, 5, 8), 0), ("1,3,5", range(1, 6, 2), 0), ("1,,2", range(1, 3), 0),
        ("1,", range(1, 2), 0), ("%4", range(1), 4), ("%0", range(1), 0), ("1-3,2-4", range(1, 5), 0),
        ("0-9%3,20", (*range(10), 20), 3),
        ("1-4%x", range(1, 5), 0), ("7", range(7, 8), 0),
        ("0-7:3", range(0, 8, 3), 0),
    ],
)  # fmt: skip
def test_an_array_is_expanded_in_ascending_order(text: str, ids: Sequence[int], throttle: int) -> None:
    found, limit = units.array_ids(text)
    assert list(found) == list(ids)
    assert isinstance(found, range) == isinstance(ids, range)
    assert limit == throttle


@pytest.mark.parametrize(
    "text", ["-1", "5-1", "1:3", "1-10:0", "a", "0x3", "1-2-3", "0-1000000", "0-999999,7-9", "9" * 30]
)
def test_an_array_is_refused(text: str) -> None:
    with pytest.raises(units.ArrayError):
        units.array_ids(text)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("gpu", [("gpu", "", 1)]), ("gpu:2", [("gpu", "", 2)]), ("gpu:A100", [("gpu", "A100", 1)]),
        ("gpu:a100:2", [("gpu", "a100", 2)]), ("gres/gpu:2", [("gpu", "", 2)]), ("gpu=2", [("gpu", "", 2)]),
        ("gpu:two", [("gpu", "two", 1)]), ("lscratch:1k", [("lscratch", "", 1024)]), ("", []), ("gres/", []),
        ("gpu:a100:1,gpu:h100:2", [("gpu", "a100", 1), ("gpu", "h100", 2)]),
    ],
)  # fmt: skip
def test_a_gres_list_is_read(text: str, entries: list[tuple[str, str, int]]) -> None:
    assert [tuple(entry) for entry in tres.read_gres(text, NOW)] == entries


@pytest.mark.parametrize(
    "text", ["gpu:2:a100", "gpu:a100:2(S:0)", "gpu:", "GPU:2", "gpu:1, shard:1", "gpu::a100", "a:b:c:d"]
)
def test_a_gres_list_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        tres.read_gres(text, NOW)


def test_the_word_gpu_before_a_gpu_count_is_a_type() -> None:
    assert tres.read_gpus("gpu:2", NOW) == (tres.Gres("gpu", "gpu", 2),)
