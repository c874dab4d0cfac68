# ruff: noqa: E501 - tables, one secret a line
"""Secrets: every kind is found, nothing harmless is, and redaction settles.

No value here is real, and none stands in this file in one piece: all are put together at run time.
"""

import hashlib
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.secrets import find_secrets, redact

TESTS: Final = Path(__file__).parents[1]
EXAMPLES: Final = sorted((TESTS / "examples" / "slurm").iterdir())
CASES: Final = sorted((TESTS / "oracle" / "cases").glob("*.sbatch"))


def made_up(
    length: int, letters: str = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", salt: str = ""
) -> str:
    """A value that looks random and is the same in every run."""
    digest = hashlib.shake_256(f"s2r {length} {salt}".encode()).digest(length)
    return "".join(letters[octet % len(letters)] for octet in digest)


HEX: Final = "0123456789abcdef"
UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
T, W, K = made_up(40), made_up(12), made_up(20, UPPER)

# kind, the text around the value, the value
PLANTED: Final = {
    "aws access key": ("aws-access-key", "export AWS_ACCESS_KEY_ID=%s", "AK" + "IA" + made_up(16, UPPER)),
    "aws secret key": ("aws-secret-key", "export AWS_SECRET_ACCESS_KEY=%s", T),
    "aws session token": ("aws-session-token", "AWS_SESSION_TOKEN=%s", made_up(120)),
    "bedrock key": ("bedrock-api-key", "curl -H 'x: %s'", "AB" + "SK" + made_up(100)),
    "bedrock key by name": ("bedrock-api-key", "export AWS_BEARER_TOKEN_BEDROCK=%s", T),
    "github classic": ("github-token", "git clone x %s", "gh" + "p_" + made_up(36)),
    "github app": ("github-token", "x=%s", "gh" + "s_" + made_up(36)),
    "github fine-grained": ("github-fine-grained-token", "x=%s", "github" + "_pat_" + made_up(60)),
    "gitlab": ("gitlab-token", "x %s", "gl" + "pat-" + W + made_up(12)),
    "hugging face": ("hugging-face-token", "huggingface-cli login --token %s", "h" + "f_" + made_up(34)),
    "hugging face by name": ("hugging-face-token", "export HF_TOKEN='%s'", T),
    "openai project": ("openai-key", "x=%s", "sk" + "-proj-" + T),
    "openai classic": ("openai-key", "x=%s", "sk" + "-a1" + made_up(46)),
    "anthropic": ("anthropic-key", "x=%s", "sk" + "-ant-api03-" + T),
    "openrouter": ("openrouter-key", "x=%s", "sk" + "-or-v1-" + made_up(64, HEX)),
    "slack token": ("slack-token", "x=%s", "xo" + "xb-1234-" + made_up(24)),
    "slack webhook": ("slack-webhook", "curl https://hooks.slack.com/services/%s", "T0/B0/" + made_up(24)),
    "discord webhook": ("discord-webhook", "curl https://discord.com/api/webhooks/%s", "123456789012345678/" + made_up(68)),
    "ngc": ("ngc-key", "x=%s", "nv" + "api-" + made_up(64)),
    "ngc by name": ("ngc-key", "setenv NGC_API_KEY %s", T),
    "wandb by name": ("wandb-key", "export WANDB_API_KEY=%s", made_up(40, HEX)),
    "wandb login": ("wandb-key", "wandb login --relogin %s", made_up(40, HEX)),
    "private key": ("private-key", "cat > k <<E\n%s\nE", "-----BEGIN OPENSSH PRIVATE " + "KEY-----\n" + T + "\n-----END OPENSSH PRIVATE " + "KEY-----"),
    "jwt": ("jwt", "x=%s", "ey" + "J" + T + "." + "ey" + "J" + T + "." + T),
    "url": ("url-credentials", "git clone https://me:%s@host.example/x", W),
    "url with a token": ("url-credentials", "git clone https://%s@host.example/x", T),
    "redis": ("url-credentials", "redis://:%s@cache:6379/0", W),
    "mongo": ("url-credentials", "mongodb+srv://u:%s@db/x", W),
    "amqp": ("url-credentials", "amqp://u:%s@mq//", W),
    "aws pre-signed": ("aws-presigned-url", "wget 'https://b.example/x?X-Amz-Date=1&X-Amz-Signature=%s'", made_up(64, HEX)),
    "aws pre-signed, old": ("aws-presigned-url", "wget 'https://b.example/x?AWSAccessKeyId=abcd1234&Expires=1&Signature=%s'", made_up(27)),
    "curl -u": ("curl-credentials", "curl -s -u me:%s https://host.example", W),
    "--password=": ("password", "tool --password=%s", W),
    "--password blank": ("password", "tool --user me --password %s", W),
    "--api-key": ("api-key", "tool --api-key %s", T),
    "--token": ("token", "tool --token=%s", T),
    "sshpass": ("sshpass-password", "sshpass -p %s ssh h", W),
    "sshpass quoted": ("sshpass-password", "sshpass -p '%s' ssh h", W),
    "mysql": ("mysql-password", "mysqldump -u me -p%s db", W),
    "postgres": ("postgres-password", "PGPASSWORD=%s psql", W),
    "npm": ("npm-token", "x=%s", "np" + "m_" + made_up(36)),
    "npm file": ("npm-token", "//registry.example/:_authToken=%s", T),
    "pypi": ("pypi-token", "twine upload -p %s", "py" + "pi-AgEIcHlwaS5vcmc" + made_up(60)),
    "docker token": ("docker-token", "x=%s", "dck" + "r_pat_" + made_up(27)),
    "docker auth": ("docker-auth", '{"auths": {"h": {"auth": "%s"}}}', made_up(32)),
    "docker login": ("docker-login", "docker login -u me -p %s h", W),
    "echoed": ("echoed-password", "echo %s | docker login -u me --password-stdin", W),
    "gcp key": ("gcp-api-key", "x=%s", "AI" + "za" + made_up(35)),
    "gcp oauth": ("gcp-oauth-token", "x=%s", "ya" + "29." + T),
    "gcp service account": ("gcp-service-account", '{"private_key_id": "%s"}', made_up(40, HEX)),
    "azure connection string": ("azure-storage-key", "x='AccountName=a;AccountKey=%s'", made_up(86) + "=="),
    "azure sas": ("azure-sas", "azcopy 'https://a.example/c?sv=1&sig=%s'", made_up(43) + "%3D"),
    "stripe": ("stripe-key", "x=%s", "sk" + "_live_" + made_up(24)),
    "twilio": ("twilio-key", "x=%s", "S" + "K" + made_up(32, HEX)),
    "sendgrid": ("sendgrid-key", "x=%s", "S" + "G." + made_up(22) + "." + made_up(43)),
    "telegram": ("telegram-bot-token", "curl https://t.example/bot%s/x", "123456789:" + "AA" + made_up(33)),
    "databricks": ("databricks-token", "x=%s", "da" + "pi" + made_up(32, HEX)),
    "digitalocean": ("digitalocean-token", "x=%s", "do" + "p_v1_" + made_up(64, HEX)),
    "linear": ("linear-key", "x=%s", "lin" + "_api_" + made_up(40)),
    "notion": ("notion-token", "x=%s", "nt" + "n_" + made_up(46)),
    "grafana": ("grafana-token", "x=%s", "gl" + "sa_" + T),
    "vault": ("vault-token", "x=%s", "hv" + "s." + made_up(90)),
    "doppler": ("doppler-token", "x=%s", "dp" + ".pt." + made_up(43)),
    "pulumi": ("pulumi-token", "x=%s", "pu" + "l-" + made_up(40, HEX)),
    "replicate": ("replicate-token", "x=%s", "r" + "8_" + made_up(37)),
    "groq": ("groq-key", "x=%s", "gs" + "k_" + made_up(52)),
    "perplexity": ("perplexity-key", "x=%s", "pp" + "lx-" + made_up(48)),
    "xai": ("xai-key", "x=%s", "xa" + "i-" + made_up(80)),
    "langsmith": ("langsmith-key", "x=%s", "ls" + "v2_pt_" + made_up(32, HEX) + "_" + made_up(10, HEX)),
    "mailgun": ("mailgun-key", "x=%s", "ke" + "y-" + made_up(32, HEX)),
    "shopify": ("shopify-token", "x=%s", "shp" + "at_" + made_up(32, HEX)),
    "age": ("age-key", "x=%s", "AGE-SECRET-" + "KEY-1" + made_up(58, UPPER)),
    "planetscale": ("planetscale-token", "x=%s", "psc" + "ale_tkn_" + made_up(43)),
    "new relic": ("new-relic-key", "x=%s", "NR" + "AK-" + made_up(27, UPPER)),
    "rubygems": ("rubygems-token", "x=%s", "ruby" + "gems_" + made_up(48, HEX)),
    "sentry": ("sentry-token", "x=%s", "sn" + "trys_" + made_up(80)),
    "comet": ("comet-key", "export COMET_API_KEY=%s", made_up(25)),
    "neptune": ("neptune-token", "NEPTUNE_API_TOKEN=\"%s\"", made_up(80)),
    "kaggle": ("kaggle-key", "export KAGGLE_KEY=%s", made_up(32, HEX)),
    "zenodo": ("zenodo-token", "curl 'https://z.example/api?access_token=%s'", made_up(60)),
    "bearer": ("bearer-token", "curl -H 'Authorization: Bearer %s'", T),
    "basic": ("basic-authorization", "curl -H 'Authorization: Basic %s'", made_up(24)),
    "any key": ("api-key", "export ACME_API_KEY=%s", T),
    "any token": ("token", "ACME_TOKEN=%s", T),
    "any secret": ("secret", "CLIENT_SECRET=%s", T),
    "any password": ("password", "DB_PASSWORD=%s", W),
    "in Python": ("wandb-key", 'os.environ["WANDB_API_KEY"] = "%s"', T),
    "in YAML": ("password", "password: %s", W),
    "in JSON": ("api-key", '{"api_key": "%s"}', T),
    "in --export": ("wandb-key", "sbatch --export=ALL,WANDB_API_KEY=%s x.sh", T),
    "in a here-document": ("token", "cat > f <<E\ntoken = '%s'\nE", T),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "around", "value"), PLANTED.values(), ids=PLANTED)
def test_a_planted_secret_is_found_where_it_stands(kind: str, around: str, value: str) -> None:
    text = f"#!/bin/bash\né=1\n{around % value}\nsrun ./a\n"
    secrets = find_secrets(text)
    assert [secret.kind for secret in secrets] == [kind]
    assert value in text[secrets[0].start : secrets[0].end] or text[secrets[0].start : secrets[0].end] in value
    line = text.count("\n", 0, secrets[0].start) + 1
    assert (secrets[0].line, secrets[0].column) == (line, secrets[0].start - text.rfind("\n", 0, secrets[0].start))
    assert value not in redact(text)


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
    assert value[9:] not in redact(text)


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
    assert redact(text) == text


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


def test_equal_values_get_equal_numbers_and_others_do_not() -> None:
    one, two = made_up(30, salt="1"), made_up(30, salt="2")
    text = f"A_TOKEN={one}\nB_TOKEN={two}\nC_TOKEN={one}\n"
    assert redact(text) == "A_TOKEN=S2R_REDACTED_1__\nB_TOKEN=S2R_REDACTED_2__\nC_TOKEN=S2R_REDACTED_1__\n"


def test_placeholders_that_stand_there_already_keep_their_numbers_for_themselves() -> None:
    text = f"A=S2R_REDACTED_1__ S2R_REDACTED_3__\nA_TOKEN={T}\nB_TOKEN={made_up(33)}\n"
    assert (
        redact(text) == "A=S2R_REDACTED_1__ S2R_REDACTED_3__\nA_TOKEN=S2R_REDACTED_2__\nB_TOKEN=S2R_REDACTED_4__\n"
    )


FRAGMENTS: Final = st.sampled_from(
    ["token=", "password: ", "--api-key ", "://", "a:b", "@h", '"', "'", "\\\n", " ", "\n", "Bearer ", "-----BEGIN PRIVATE ",
     "KEY-----", "-----END", "curl -u ", "ey" + "J", ".", "S2R_REDACTED_1__", "$", "=", "sshpass -p ", T, W, "gh" + "p_" + made_up(36)]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=30).map("".join))
@settings(max_examples=500, deadline=None)
def test_redaction_settles_and_leaves_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert find_secrets(once) == ()


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
    assert len(redact(text)) > 0
