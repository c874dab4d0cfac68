"""The container's recipe, held to facts, and its tree run as it would be: what COPY names, started by ENTRYPOINT.

No image is built here: that needs a registry. The tree is assembled as the lines say, in a folder that holds nothing
else, and the same command serves from it; the slow test does so with an interpreter that has the locked packages alone.
"""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "lambda" / "Containerfile"
TEXT: Final = FILE.read_text(encoding="utf-8")
LINES: Final = [line.split(None, 1) for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
MOST_KIB: Final = 8 * 1024  # that a flood may add to a process that is warm


def said(word: str) -> list[str]:
    return [rest for instruction, rest in LINES if instruction == word]


COPIES: Final = [(source, place) for source, place in (rest.split() for rest in said("COPY"))]
(ENTRYPOINT,) = (json.loads(each) for each in said("ENTRYPOINT"))


def test_the_base_is_one_argument_and_the_recipe_says_to_pin_it() -> None:
    (base,) = said("ARG")
    name, _, default = base.partition("=")
    assert said("FROM") == [f"${{{name}}}"]
    assert "@sha256:" in default or "PIN the base by digest" in TEXT
    version = re.search(r"python:(3\.[0-9]+)", default)
    assert version
    from tools import lambda_zip

    assert version[1] in " ".join(lambda_zip._PLATFORM), "both homes run the same Python"


def test_what_is_copied_is_in_the_repository_and_holds_nothing_private() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for source, place in COPIES:
        assert any(name == source or name.startswith(f"{source}/") for name in tracked), source
        assert not place.startswith(("/", "..")), "inside WORKDIR"
        assert not source.startswith(("tests", ".git", ".")), source
    assert said("ADD") == []


def test_packages_are_locked_and_nobody_is_root() -> None:
    (install,) = [each for each in said("RUN") if "pip install" in each]
    assert {"--require-hashes", "--no-deps"} <= set(install.split())
    (user,) = said("USER")
    assert user.isdecimal()
    assert int(user) >= 10_000
    order = [instruction for instruction, _ in LINES]
    assert order.index("USER") < order.index("ENTRYPOINT")
    assert any(f"--uid {user}" in each for each in said("RUN"))


def test_the_port_and_the_folder_are_those_of_the_command() -> None:
    from s2r_service.__main__ import _parser

    given = _parser().parse_args(ENTRYPOINT[3:])
    assert ENTRYPOINT[:3] == ["python", "-m", "s2r_service"]
    assert said("EXPOSE") == [str(given.port)]
    assert any(given.folder in each for each in said("RUN")), "made, and given to the user"


def assembled(folder: Path) -> Path:
    """The tree that the COPY lines make."""
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for source, place in COPIES:
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=ignore)
        else:
            shutil.copy(ROOT / source, target)
    return folder


@contextmanager
def started(tree: Path, python: str) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """The command of ENTRYPOINT in the tree, on a free port of loopback."""
    command = [python, *ENTRYPOINT[1:]]
    command[command.index("--host") + 1] = "127.0.0.1"
    command[command.index("--folder") + 1] = str(tree.parent / "state")
    environ = {"PATH": os.environ["PATH"], "S2R_CONVERTER": "rules", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [*command, "--port", "0"],
        cwd=tree,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://([0-9.]+):([0-9]+)", process.stdout.readline())
        assert found, "it did not start"
        yield process, found[1], int(found[2])
    finally:
        process.terminate()
        process.communicate(timeout=30)


def connected(host: str, port: int) -> http.client.HTTPConnection:
    """A connection that sends head and body without waiting for each other's receipt."""
    connection = http.client.HTTPConnection(host, port, timeout=20)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def asked(connection: http.client.HTTPConnection, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_the_tree_serves_and_its_modules_are_its_own(tmp_path: Path) -> None:
    tree = assembled(tmp_path / "app")
    look = "import s2r_ci, s2r_service; print(s2r_ci.__file__, s2r_service.__file__)"
    done = subprocess.run([sys.executable, "-c", look], cwd=tree, capture_output=True, text=True, check=True)
    assert all(Path(each).is_relative_to(tree) for each in done.stdout.split())
    with (
        started(tree, sys.executable) as (_, host, port),
        closing(connected(host, port)) as connection,
    ):
        assert asked(connection, "GET", "/healthz")[0] == 200
        assert asked(connection, "GET", "/openapi.json")[0] == 200, "the schemas came along"
        assert asked(connection, "POST", "/v1/convert", b"{}")[0] == 401


def resident_kib(pid: int) -> int:
    """The process' resident memory, as the kernel counts it."""
    found = re.search(r"VmRSS:\s+([0-9]+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_with_the_locked_packages_alone_it_serves_and_a_flood_leaves_its_memory_flat(tmp_path: Path) -> None:
    """F-48: 10,000 unsigned requests."""
    tree = assembled(tmp_path / "app")
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    (install,) = [each for each in said("RUN") if "pip install" in each]
    subprocess.run([python, *install.split()[1:]], cwd=tree, check=True, capture_output=True)
    with (
        started(tree, python) as (process, host, port),
        closing(connected(host, port)) as connection,
    ):
        statuses: set[int] = set()
        for number in range(2_000):
            statuses.add(asked(connection, "POST", "/v1/convert", b"#SBATCH %d" % number)[0])
        warm = resident_kib(process.pid)
        for number in range(8_000):
            statuses.add(asked(connection, "POST", f"/v1/convert?{number}", b"{%d" % number * 100)[0])
        grown = resident_kib(process.pid) - warm
    print(f"resident {warm:,} KiB after 2,000 requests, {grown:+,} KiB after 10,000")
    assert statuses <= {401, 429}
    assert grown < MOST_KIB
