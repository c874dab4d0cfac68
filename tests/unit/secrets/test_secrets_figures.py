# ruff: noqa: E501 - a table, one spelling a line; nothing in it is real
"""How many planted secrets a redacted text still holds, and how many harmless lines it changes: the figures."""

from pathlib import Path
from typing import Final

import pytest

from benchmarks.header import scripts
from s2r_ci.secrets import redact
from tests.unit.secrets.planted import HEX, PLANTED, made_up

EXAMPLES: Final = Path(__file__).parents[2] / "examples" / "slurm"

AROUND: Final = {
    "alone": "%s",
    "indented": "if true; then\n    %s\nfi",
    "behind a command": "cd /tmp && %s",
    "in a comment": "# old: %s",
    "in a here-document": "cat > f <<'EOF'\n%s\nEOF",
    "before a redirection": "%s > log 2>&1",
    "with a carriage return": "%s\r",
}

# Passwords and tokens that nothing but a word nearby gives away, in the spellings of the programs that take them.
SPOKEN: Final = (
    "export MY_PASS=%s", "DB_PASS='%s'", "PASSWD=%s ./a", "export FTP_PASSWORD=\"%s\"", "SECRET_KEY=%s", "JUPYTER_TOKEN=%s",
    "jupyter lab --NotebookApp.token='%s'", "jupyter notebook --ServerApp.password=%s", "./a --passwd %s", "./a --secret=%s",
    "./a --access-token %s", "./a --auth-token=%s", "wget --user=me --password=%s https://h/x", "wget --http-password=%s https://h/x",
    "wget --ftp-password=%s ftp://h/x", "lftp -u me,%s h", "smbclient -U me%%%s //h/x", "ldapsearch -x -w %s -b dc=x",
    "openssl enc -d -aes256 -pass pass:%s -in x", "openssl rsa -passin pass:%s -in x", "gpg --batch --passphrase %s -d x.gpg",
    "zip -P %s x.zip y", "unzip -P %s x.zip", "7z x -p%s x.7z", "redis-cli -h h -a %s ping", "psql 'host=h user=u password=%s'",
    "mongosh -u me -p %s h", "svn co --username me --password %s https://h/x", "aws configure set aws_secret_access_key %s",
    "mc alias set s3 https://h me %s", "s3cmd --secret_key=%s ls", "echo '%s' | sudo -S mount x", "echo %s | kinit me",
    "machine h login me password %s", "spawn ssh h\nsend \"%s\\r\"", "curl --user me:%s https://h", "curl -H 'X-Api-Key: %s' https://h",
    "curl -H 'X-Auth-Token: %s' https://h", "curl -d 'user=me&password=%s' https://h", "curl 'https://h/x?api_key=%s'",
    "curl 'https://h/x?token=%s&a=1'", "rclone config create r sftp host h pass %s", "sshpass -p%s ssh h", "SSHPASS=%s sshpass -e ssh h",
    "docker run -e WANDB_API_KEY=%s o/i", "apptainer exec --env HF_TOKEN=%s x.sif a", "srun --export=ALL,API_KEY=%s ./a",
    "#SBATCH --export=ALL,HF_TOKEN=%s", "setenv DB_PASSWORD %s", "set password = \"%s\"", "password=\"%s\"", "pwd_db: '%s'",
    "os.environ['HF_TOKEN'] = '%s'", "wandb.login(key='%s')", "login(token=\"%s\")", "Sys.setenv(API_KEY = \"%s\")",
    "$ENV{DB_PASSWORD} = '%s';", "huggingface-cli login --token %s", "wandb login %s", "kaggle_key: \"%s\"",
)  # fmt: skip
VALUES: Final = (made_up(12), made_up(20, salt="b"), made_up(32, HEX))


def redacted(line: str) -> str:
    return redact(f"#!/bin/bash\n#SBATCH -n 1\n{line}\nsrun ./a\n").text


def missed_structured() -> list[str]:
    return [
        f"{name}, {where}"
        for name, (_, around, value) in PLANTED.items()
        for where, frame in AROUND.items()
        if value in redacted(frame.replace("%s", around.replace("%s", value)))
    ]


def missed_spoken() -> list[str]:
    return [
        line
        for line in SPOKEN
        for value in VALUES
        if value in redacted(line.replace("%%", "\0").replace("%s", value).replace("\0", "%"))
    ]


def test_at_least_four_hundred_secrets_of_forty_kinds_are_planted() -> None:
    assert len({kind for kind, _, _ in PLANTED.values()}) >= 40
    assert len(PLANTED) * len(AROUND) + len(SPOKEN) * len(VALUES) >= 400


def test_secrets_of_a_known_structure_are_found_in_99_of_100_places() -> None:
    missed = missed_structured()
    assert len(missed) <= len(PLANTED) * len(AROUND) / 100, missed


def test_of_all_planted_secrets_at_least_nine_of_ten_are_found() -> None:
    missed = missed_structured() + missed_spoken()
    assert len(missed) <= (len(PLANTED) * len(AROUND) + len(SPOKEN) * len(VALUES)) / 10, missed


def test_of_those_that_only_a_word_gives_away_nine_of_ten_are_found() -> None:
    missed = missed_spoken()
    assert len(missed) <= len(SPOKEN) * len(VALUES) / 10, sorted(set(missed))


def lookalikes(number: int) -> list[str]:
    """Lines with values that look like secrets and are none (L-14)."""
    salt = str(number)
    return [
        f"git checkout {made_up(40, HEX, salt)}",
        f"RUN_ID={'-'.join(made_up(size, HEX, salt) for size in (8, 4, 4, 4, 12))}",
        f"echo '{made_up(64, HEX, salt)}  data.tar' | sha256sum -c",
        f"module load openmpi/4.1.5-gcc-12.2.0-{made_up(7, HEX, salt)}",
        f"spack load hdf5/{made_up(32, 'abcdefghijklmnopqrstuvwxyz234567', salt)}",
        f"apptainer pull docker://o/i@sha256:{made_up(64, HEX, salt)}",
        f"python a.py --max_tokens {number} --tokenizer t{number} --key-size 64 --checkpoint {made_up(32, HEX, salt)}.pt",
    ]  # fmt: skip


def test_at_most_two_of_a_hundred_lines_of_clean_scripts_are_touched() -> None:
    clean = [data.decode() for data in scripts(1000, seed=17)]
    clean += [
        path.read_text(errors="surrogateescape")
        for path in sorted(EXAMPLES.iterdir())
        if path.name != "inline-secret.sh"
    ]
    texts = [text + "\n".join(lookalikes(number)) + "\n" for number, text in enumerate(clean)]
    total = sum(text.count("\n") for text in texts)
    touched = [each for text in texts for each in redact(text).placeholders]
    assert len(texts) >= 1000
    assert len(touched) <= total * 0.02, (len(touched), total)


@pytest.mark.parametrize("frame", AROUND.values(), ids=AROUND)
def test_a_frame_holds_the_secret_that_is_planted(frame: str) -> None:
    assert "canary-value" in frame.replace("%s", "canary-value")
