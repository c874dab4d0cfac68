"""The script of the target cli: a real shell calls what the body says, and a reader gives back what was written."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2r_ci.errors import MalformedReplyError
from s2r_ci.runai.cli_text import read_cli, write_cli

BODY: dict[str, Any] = {
    "kind": "pytorch",
    "metadata": {"name": "train"},
    "flags": {
        "image": "team/train:1",
        "environment-variable": ["A=it's", 'B="$HOME" `x` \\'],
        "command": True,
        "workers": 3,
        "master-args": "-c 'echo \"$1\"' x",
    },
    "words": ["/bin/sh", "-c", "echo 'a\n  --b'\n", ""],
}


def calls(text: str, folder: Path) -> list[list[str]]:
    """What a shell hands to ``runai``: a stand-in on PATH that writes its words down."""
    log, runai = folder / "log", folder / "bin" / "runai"
    runai.parent.mkdir()
    runai.write_text(
        f"#!{sys.executable}\nimport json, sys\nopen({str(log)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
    )
    runai.chmod(0o755)
    script = folder / "submit.sh"
    script.write_text(text)
    subprocess.run(["/bin/sh", str(script)], env={"PATH": f"{runai.parent}:/usr/bin:/bin"}, check=True)
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_shell_hands_over_every_word_as_the_body_has_it(tmp_path: Path) -> None:
    (call,) = calls(write_cli(BODY), tmp_path)
    assert call == [
        "training", "pytorch", "submit", "train", "--image=team/train:1", "--environment-variable=A=it's",
        '--environment-variable=B="$HOME" `x` \\', "--command", "--workers=3", "--master-args=-c 'echo \"$1\"' x",
        "--", *BODY["words"],
    ]  # fmt: skip


def test_an_array_is_one_call_an_index(tmp_path: Path) -> None:
    body = {**BODY, "kind": "standard", "flags": {"image": "a", "command": True}, "indexes": 3}
    made = calls(write_cli(body), tmp_path)
    assert [call[3] for call in made] == ["train-0", "train-1", "train-2"]
    assert [call[4] for call in made] == [f"--environment-variable=JOB_COMPLETION_INDEX={i}" for i in range(3)]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@given(
    words=st.lists(TEXT, min_size=1, max_size=4),
    many=st.lists(TEXT, min_size=1, max_size=3),
    one=TEXT,
    indexes=st.integers(0, 9),
)
def test_what_is_written_is_read_back(words: list[str], many: list[str], one: str, indexes: int) -> None:
    flags = {"image": one, "environment-variable": many, "command": True, "backoff-limit": 0}
    body: dict[str, Any] = {"kind": "standard", "metadata": {"name": "a-1"}, "flags": flags, "words": words}
    if indexes:
        body["indexes"] = indexes
    text = write_cli(body, {("flags", "image"): "line 3: x"})
    assert read_cli(text.encode()).body == body


def test_a_reader_knows_the_line_of_every_flag() -> None:
    manifest = read_cli(b"# a comment\n" + write_cli(BODY).encode())
    assert manifest.line("flags", "image") == 4
    assert manifest.line("flags", "workers") == 8
    assert manifest.line("words") == 10


GOOD = write_cli(BODY)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("rm -rf /\n" + GOOD, 1),
        (GOOD + "rm -rf /\n", 12),
        (GOOD.replace("set -eu\n", ""), 1),
        (GOOD.replace("pytorch", "jax"), 2),
        (GOOD.replace("--image=team/train:1", "--image=$(id)"), 3),
        (GOOD.replace("--image=team/train:1", "--image=a;id"), 3),
        (GOOD.replace("--image=team/train:1", "--image=a --image=b"), 3),
        (GOOD.replace("--workers=3", "--workers=3 \\\n  --workers=4"), 8),
        (GOOD.replace("--workers=3", "--workers='3"), 8),
        (GOOD.replace(" \\\n  -- ", "\n  -- "), 9),
        (GOOD.replace("submit train", "submit Train"), 2),
    ],
)
def test_another_script_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(MalformedReplyError) as caught:
        read_cli(text.encode(), where="x.sh")
    assert caught.value.where == f"x.sh:{line}"


@given(st.text(max_size=60), st.integers(0, len(GOOD)))
def test_nothing_else_than_a_refusal_ever_comes(piece: str, at: int) -> None:
    with suppress(MalformedReplyError):
        read_cli((GOOD[:at] + piece + GOOD[at:]).encode("utf-8", "surrogatepass"))
