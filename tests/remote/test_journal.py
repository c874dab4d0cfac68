"""The memory of what was asked: crash-safe, private, without scripts."""

import os
import stat
from pathlib import Path

import pytest

from s2r_ci.remote.journal import Entry, Journal, journal_path

NOW = 1_795_869_933


def entry(number: int = 0, state: str = "done", **more: object) -> Entry:
    made = Entry(idem=f"idem-{number}", state=state, time=NOW, path=f"job{number}.sh", digest="0" * 64)
    return made._replace(**more)  # type: ignore[arg-type]  # fields of the entry


def test_what_is_noted_is_known_in_the_next_run(tmp_path: Path) -> None:
    path = str(tmp_path / "cache" / "s2r-ci" / "asked.jsonl")
    journal = Journal(path, now=NOW)
    journal.note(entry(0, "asked"))
    journal.note(entry(0, "done", session="s-1", tokens=7))
    journal.note(entry(1, "left"))
    journal.note(entry(2, "asked"))  # and then the process was killed
    again = Journal(path, now=NOW + 60)
    assert again.known == journal.known
    assert again.left() == {"job1.sh", "job2.sh"}
    assert again.of_session("s-1") == entry(0, "done", session="s-1", tokens=7)
    assert again.of_path("job0.sh") == again.of_session("s-1")
    assert again.of_session("s-2") is None
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "cache" / "s2r-ci").st_mode) == 0o700


@pytest.mark.parametrize(
    "junk",
    [
        b'{"idem":"x","st',
        b"\x00\xff",
        b"[]",
        b'{"idem": 1}',
        b"[" * 100_000,
        b'{"idem":"x","state":"odd","time":1}',
    ],
)
def test_a_torn_line_is_passed_over(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "asked.jsonl"
    Journal(str(path), now=NOW).note(entry(1))
    with path.open("ab") as file:
        file.write(junk)
    assert set(Journal(str(path), now=NOW).known) == {"idem-1"}


def test_old_events_are_forgotten_and_the_file_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    journal = Journal(str(path), now=NOW)
    for _ in range(300):
        journal.note(entry(1))
    journal.note(entry(2, time=NOW - 30 * 86_400))
    assert set(Journal(str(path), now=NOW).known) == {"idem-1"}
    assert len(path.read_bytes().splitlines()) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["asked.jsonl"]


@pytest.mark.parametrize("in_the_way", ["folder", "link", "pipe", "file for a folder"])
def test_a_cache_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path, in_the_way: str) -> None:
    path = tmp_path / "s2r-ci" / "asked.jsonl"
    match in_the_way:
        case "folder":
            path.mkdir(parents=True)
        case "pipe":
            path.parent.mkdir()
            os.mkfifo(path)
        case "link":
            path.parent.mkdir()
            (tmp_path / "precious").write_text("precious")
            path.symlink_to(tmp_path / "precious")
        case _:
            path.parent.write_text("")
    journal = Journal(str(path), now=NOW)
    journal.note(entry(1))
    assert set(journal.known) == {"idem-1"}
    assert in_the_way != "link" or (tmp_path / "precious").read_text() == "precious"


def test_the_place_follows_the_xdg_rules(tmp_path: Path) -> None:
    here = journal_path({"XDG_CACHE_HOME": str(tmp_path)}, "/repo", "https://a", "k")
    assert here.startswith(f"{tmp_path}/s2r-ci/asked-")
    assert journal_path({"HOME": "/home/x"}, "/repo", "https://a", "k").startswith("/home/x/.cache/s2r-ci/")
    assert journal_path({"XDG_CACHE_HOME": "relative", "HOME": ""}, "/repo") == ""
    names = [("/repo", "https://a", "k"), ("/other", "https://a", "k"), ("/repo", "https://b", "k")]
    assert len({journal_path({"HOME": "/h"}, *each) for each in names}) == 3
    assert journal_path({"HOME": "/h"}, "/repo\udcff", "x")  # a root that is not UTF-8
