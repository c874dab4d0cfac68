"""Secrets: every kind is found, nothing harmless is.

No value here is real, and none stands in this file in one piece: all are put together at run time.
"""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.secrets import Redacted, find_secrets, redact
from tests.unit.secrets.planted import HEX, PLANTED, made_up

TESTS: Final = Path(__file__).parents[2]
EXAMPLES: Final = sorted((TESTS / "examples" / "slurm").iterdir())
CASES: Final = sorted((TESTS / "oracle" / "cases").glob("*.sbatch"))


@pytest.mark.parametrize(("kind", "around", "value"), PLANTED.values(), ids=PLANTED)
def test_a_planted_secret_is_found_where_it_stands(kind: str, around: str, value: str) -> None:
    text = f"#!/bin/bash\né=1\n{around % value}\nsrun ./a\n"
    secrets = find_secrets(text)
    assert [secret.kind for secret in secrets] == [kind]
    assert value in text[secrets[0].start : secrets[0].end] or text[secrets[0].start : secrets[0].end] in value
    line = text.count("\n", 0, secrets[0].start) + 1
    assert (secrets[0].line, secrets[0].column) == (line, secrets[0].start - text.rfind("\n", 0, secrets[0].start))
    assert value not in redact(text).text


def test_at_least_forty_kinds_are_planted() -> None:
    assert len({kind for kind, _, _ in PLANTED.values()}) >= 40


SPLIT: Final = {
    "quotes meet": lambda value: f'x="{value[:9]}""{value[9:]}"',
    "mixed quotes": lambda value: f"x='{value[:9]}'\"{value[9:]}\"",
    "half quoted": lambda value: f'x={value[:9]}"{value[9:]}"',
    "line continued": lambda value: f"x={value[:9]}\\\n{value[9:]}",
    "plus": lambda value: f'x = "{value[:9]}" + "{value[9:]}"',
}


@pytest.mark.parametrize("split", SPLIT.values(), ids=SPLIT)
def test_a_secret_in_two_pieces_is_found(split: object) -> None:
    assert callable(split)
    value = "gh" + "p_" + made_up(36)
    text = f"#!/bin/bash\n{split(value)}\necho done\n"
    assert [secret.kind for secret in find_secrets(text)] == ["github-token"]
    assert value[9:] not in redact(text).text


HARMLESS: Final = {
    "a variable": "export WANDB_API_KEY=$KEY",
    "a variable in braces": 'export HF_TOKEN="${HF_TOKEN}"',
    "a default from a variable": "TOKEN=${TOKEN:-$OTHER_TOKEN}",
    "a command": "API_KEY=$(cat ~/.key)",
    "a file": "TOKEN=/home/me/.token",
    "a file name": "--token-file token.txt --password secrets.json",
    "empty": "PASSWORD= x\nTOKEN=''",
    "in brackets": "API_KEY=<your key>",
    "letters x": "HF_TOKEN=" + "h" + "f_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "your token here": "TOKEN=your_token_here",
    "change me": "PASSWORD=changeme",
    "a template": 'API_KEY="{{ key }}"',
    "a git hash": "git checkout " + made_up(40, HEX),
    "a uuid": "RUN=" + "-".join(made_up(n, HEX) for n in (8, 4, 4, 4, 12)),
    "a checksum": "echo " + made_up(64, HEX) + "  data.tar | sha256sum -c",
    "a module's hash": "module load gcc/12.2.0-" + made_up(7, HEX),
    "an image digest": "apptainer pull docker://o/i@sha256:" + made_up(64, HEX),
    "tokens of a model": "--max_tokens 4096 --eos_token '</s>' --pad-token=[PAD] --num-tokens=1000000000",
    "a tokenizer": "TOKENIZER=meta/tokenizer-v2 TOKENIZERS_PARALLELISM=false",
    "a token's kind": "--sep_token newline --mask-token mask",
    "a keyboard": "monkey=bananasareyellow1 PARTITION_KEY=date hotkey: ctrl",
    "a url": "wget https://host.example:8080/a@b/c",
    "ssh": "ssh -p 2222 user@host.example && git clone git@host.example:a/b",
    "mysql without value": "mysql -u me -p db",
    "python code": "token = get_token(args.token)\npassword=args.password\nkey=None",
    "a name": "--token HF_TOKEN --secret-key=MY_SECRET_KEY",
    "prose": "# the password: ask the admins. Bearer of this token: nobody",
    "our placeholder": "export WANDB_API_KEY=S2R_REDACTED_1__",
    "an example of the vendor": "AWS_ACCESS_KEY_ID=AK" + "IAIOSFODNN7EXAMPLE",
}  # fmt: skip


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert [(secret.kind, text[secret.start : secret.end]) for secret in find_secrets(text)] == []
    assert redact(text) == Redacted(text=text)


@pytest.mark.parametrize(
    "path", [path for path in EXAMPLES if path.name != "inline-secret.sh"], ids=lambda path: path.name
)
def test_an_example_without_a_secret_has_none(path: Path) -> None:
    assert find_secrets(path.read_bytes().decode("utf-8", "surrogateescape")) == ()


def test_no_case_of_the_oracle_has_a_secret() -> None:
    assert len(CASES) >= 80
    assert [path.name for path in CASES if find_secrets(path.read_bytes().decode("utf-8", "surrogateescape"))] == []


def test_the_two_secrets_of_the_example_are_found() -> None:
    text = (TESTS / "examples" / "slurm" / "inline-secret.sh").read_text()
    assert [(secret.kind, secret.line, secret.column) for secret in find_secrets(text)] == [
        ("wandb-key", 7, 22),
        ("hugging-face-token", 8, 17),
    ]


def test_a_secret_never_shows_its_value() -> None:
    value = "gh" + "p_" + made_up(36)
    assert value not in repr(find_secrets(f"x={value}"))


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_searched_and_every_place_in_it_exists(text: str) -> None:
    for secret in find_secrets(text):
        assert 0 <= secret.start < secret.end <= len(text)


HOSTILE: Final = (
    "a",
    "token ",
    "://a:",
    "curl -u ",
    "mysql -p ",
    "docker login ",
    "ey" + "Jaaaaaaaaaa.",
    '"',
    "-----BEGIN PRIVATE KEY-----",
    "--a-",
    "echo a ",
    "_pwd=",
)


@pytest.mark.parametrize("unit", HOSTILE)
def test_long_hostile_lines_come_to_an_end(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert len(redact(text).text) > 0
