"""The bugs of the first s2r, put back one by one: ``make mutants``. The suite has to fail for each.

A mutant is a change of text in a copy of the sources, and the tests that have to notice. A change that does not apply
is an error: then the code has moved and the mutant with it. Exit code 1 when one survives.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
_WIRE: Final = "tests/service/test_service_wire.py"
_STORES: Final = "tests/service/test_stores.py"
_FAULTS: Final = "tests/service/test_faults.py"
_SIGNING: Final = "tests/service/test_signing.py"
_TEMPLATE: Final = "tests/service/test_template.py"
_MODEL: Final = "tests/service/test_model_faults.py"
_TRANSPORT: Final = "tests/remote/test_transport.py"
_SERVICE: Final = "lambda/s2r_service/"


class Mutant(NamedTuple):
    """One bug: where it is put back, and which tests are asked."""

    bug: str
    what: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS: Final = (
    Mutant("B01", "float() parses the timestamp", "s2r_ci/signing.py",
           "    found = _TIMESTAMP.fullmatch(text)\n    if found is None:\n        return None\n",
           "    found = _TIMESTAMP.fullmatch(text)\n    if found is None:\n        float(text)\n        return 1763650000 * 10**9\n",
           (_SIGNING,)),
    Mutant("B02", "a signature is good any number of times", _SERVICE + "charging.py",
           'return there is not None and there.get("own") == asked.own  # our own', "return True  # our own", (_WIRE,)),
    Mutant("B03", "the first request of a day is refused", _SERVICE + "store/dynamo.py",
           '"(attribute_not_exists(#n) OR #n <= :most) AND "', '"#n <= :most AND "', (_STORES,)),
    Mutant("B04", "the counter is the address", _SERVICE + "limits.py",
           'by_key = Count(f"q#key#{key.subject}"', 'by_key = Count(f"q#key#{address}"', (_WIRE,)),
    Mutant("B05", "the day is that of the local zone", _SERVICE + "charging.py",
           "datetime.fromtimestamp(now_ms // 1000, UTC)", "datetime.fromtimestamp(now_ms // 1000)",
           ("tests/service/test_zones.py",)),
    Mutant("B06", "no item expires", _SERVICE + "store/dynamo.py",
           'UpdateExpression="ADD #n :amount, holds :holds SET #ttl = :ttl"',
           'UpdateExpression="ADD #n :amount, holds :holds SET gone = :ttl REMOVE #ttl"', (_STORES,)),
    Mutant("B07", "charged before the model, never given back", _SERVICE + "charging.py",
           "spent - count.amount)\n", "0)\n", (_FAULTS,)),
    Mutant("B08", "a charge that the SDK repeats counts twice", _SERVICE + "store/dynamo.py",
           '"(attribute_not_exists(holds) OR NOT contains(holds, :hold))"', '":hold <> :ttl"', (_STORES,)),
    Mutant("B09", "the size is counted in characters", _SERVICE + "authentication.py",
           "if len(request.body) > (LARGEST", 'if len(request.body.decode("utf-8", "replace")) > (LARGEST', (_WIRE,)),
    Mutant("B10", "a signature that is not ASCII raises", "s2r_ci/signing.py",
           'given = signature.encode("ascii", "replace")', 'given = signature.encode("ascii")', (_SIGNING,)),
    Mutant("B11", "an exception's text is answered", _SERVICE + "core.py",
           'made = _problem(Refused("internal"), request', 'made = _problem(Refused("internal", why=str(error)), request',
           (_WIRE,)),
    Mutant("B12", "the default secret is taken", "s2r_ci/signing.py", "if octets == _KNOWN_DEFAULT:",
           'if octets == b"never":', (_SIGNING,)),
    Mutant("B13", "method and path are not looked at", _SERVICE + "authentication.py",
           "        and envelope.method == request.method\n        and envelope.path == request.target\n", "", (_WIRE,)),
    Mutant("B14", "an unsigned header chooses the model", _SERVICE + "converting.py",
           "return Task(script, target, envelope.model or None)",
           "return Task(script, target, envelope.model or 'opus')", ("tests/service/test_charged.py",)),
    Mutant("B15", "a bare model id", "lambda/template.yaml", "Default: us.anthropic.claude-sonnet-4-5", "Default: anthropic.claude-sonnet-4-5",
           (_TEMPLATE,)),
    Mutant("B16", "the profile is not allowed", "lambda/template.yaml", "inference-profile/${ModelProfileId}",
           "foundation-model/${ModelProfileId}", (_TEMPLATE,)),
    Mutant("B17", "the second permission is missing", "lambda/template.yaml", "Action: lambda:InvokeFunction\n",
           "Action: lambda:GetFunction\n", (_TEMPLATE,)),
    Mutant("B18", "more tokens than the time allows", _SERVICE + "model/bedrock.py", "MAX_TOKENS: Final = 1024",
           "MAX_TOKENS: Final = 4096", ("tests/service/test_charged.py",)),
    Mutant("B19", "the SDK's own retries around the model", _SERVICE + "model/bedrock.py",
           '"total_max_attempts": 1', '"total_max_attempts": 5', (_MODEL,)),
    Mutant("B20", "an empty answer is a success", _SERVICE + "converting.py",
           "return Worked(problem=error.problem, tokens", 'return Worked(result=zlib.compress(b"{}"), tokens',
           ("tests/service/test_charged.py",)),
    Mutant("B21", "a truncated answer is delivered", _SERVICE + "model/reading.py", 'if stop != "tool_use":', 'if stop not in ("tool_use", "max_tokens"):', (_MODEL,)),
    Mutant("B22", "the script stands between backticks", _SERVICE + "model/prompt.py",
           'return f"<script-{word}>\\n{body}\\n</script-{word}>"', 'return f"```\\n{text}\\n```"',
           ("tests/service/test_injection.py::test_a_script_is_put_to_the_model_as_marked_data_and_last",)),
    Mutant("B23", "the client follows redirects", "s2r_ci/remote/transport.py", "allow_redirects=False",
           "allow_redirects=True", (_TRANSPORT,)),
    Mutant("B23-size", "the client takes any size", "s2r_ci/remote/transport.py", "LARGEST_ANSWER: Final = 262_144",
           "LARGEST_ANSWER: Final = 2**24", (_TRANSPORT,)),
    Mutant("B24", "the client writes what came back", "s2r_ci/pipeline.py",
           "for finding in judge(request, data, _UNWRITTEN))", "for finding in ())",
           ("tests/remote/test_hostile_service.py",)),
    Mutant("B25", "all failures look alike", _SERVICE + "authentication.py",
           'raise Refused("clock-skew", signed=found, server_time=now_ns // 10**9)', 'raise Refused("invalid-signature")',
           (_WIRE,)),
    Mutant("B26", "an empty script is paid for", _SERVICE + "converting.py",
           "if not is_script(text) or find_secrets(text):", "if find_secrets(text):", (_WIRE,)),
    Mutant("own-1", "a record that became DONE is taken over", _SERVICE + "charging.py",
           '"own": f"{asked.own}.{DONE}"', '"own": asked.own', ("tests/service/test_every_interleaving.py",)),
    Mutant("own-2", "a record forgets whose it is", _SERVICE + "charging.py",
           'if (yield Put(fresh)):\n        return fresh', 'if (yield Put({**fresh, "own": "x"})):\n        return fresh',
           ("tests/service/test_every_interleaving.py",)),
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants")
    parser.add_argument("--only", action="append", help="B01; repeatable")
    wanted = parser.parse_args(argv).only
    alive = 0
    tests = tuple(sorted({test for mutant in MUTANTS for test in mutant.tests}))
    if not wanted and is_killed(
        Mutant("none", "nothing", "pyproject.toml", "[tool.ruff.lint]\n", "[tool.ruff.lint]\n", tests)
    ):
        print("the tests fail without any mutant, so they would show nothing", file=sys.stderr)
        return 1
    for mutant in MUTANTS:
        if not wanted or mutant.bug in wanted:
            killed = is_killed(mutant)
            alive += not killed
            print(f"{mutant.bug:6} {'killed' if killed else 'SURVIVED'}  {mutant.what}", flush=True)
    return int(alive > 0)


def mutated(mutant: Mutant) -> str:
    """The text of the file with the bug in it. Raises ValueError where the change does not apply exactly once."""
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.bug}: {mutant.path} holds the text {text.count(mutant.old)} times")
    return text.replace(mutant.old, mutant.new)


def is_killed(mutant: Mutant) -> bool:
    """Whether the tests fail on a copy of the project with the bug in it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "s2r"
        ignore = shutil.ignore_patterns("__pycache__", "node_modules", ".*")
        for name in (
            "s2r_ci",
            "lambda",
            "schemas",
            "tests/service",
            "tests/remote",
            "tests/node",
            "tools",
            "requirements",
        ):
            shutil.copytree(ROOT / name, copy / name, ignore=ignore)
        (copy / "tests" / "node" / "node_modules").symlink_to(ROOT / "tests" / "node" / "node_modules")
        shutil.copy(ROOT / "pyproject.toml", copy)
        (copy / mutant.path).write_text(mutated(mutant), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:randomly",
                   "-m", "not slow", *mutant.tests]  # fmt: skip
        environ = {
            **os.environ,
            "PYTHONPATH": f"{copy}{os.pathsep}{copy / 'lambda'}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run(command, cwd=copy, env=environ, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{mutant.bug}: the tests could not be run: {done.stdout[-400:]}")
        return done.returncode == 1


if __name__ == "__main__":
    sys.exit(main())
