"""What the workflow self-test does around ``uses: ./``: ``python -m tools.self_test start|comment|look|stop``.

start    a GitHub on loopback (the tests' stand-in) whose repository has the commit that is checked out; step outputs
         ``address`` and ``process``
comment  the Action's mode command, as a comment would start it: a runner lets no workflow choose its event
look     whether modes pr and command did there what they should
stop     end it
A runner starts this from the checkout, with S2R_ADDRESS and S2R_PROCESS taken from the outputs of ``start``.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.github.stand_in import TOKEN, GitHubStandIn, served

ROOT: Final = Path(__file__).parents[1]
_COMMENT: Final[Mapping[str, Any]] = {
    "action": "created",
    "issue": {"number": 1, "pull_request": {}},
    "comment": {"id": 1, "body": "/s2r explain", "user": {"login": "robin", "type": "User"}},
}


def start() -> int:
    """Start the server, which goes on after this step, and say where it is."""
    words = [sys.executable, "-m", "tools.self_test", "serve"]
    quiet = subprocess.DEVNULL  # what it kept open of ours, a runner would wait for
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(
            words, cwd=ROOT, stdin=quiet, stdout=subprocess.PIPE, stderr=said, start_new_session=True
        )
        assert server.stdout is not None
        address = server.stdout.readline().decode().strip()
        if not address:
            said.seek(0)
            sys.stderr.write(said.read().decode("utf-8", "replace"))
            return 1
    _say({"address": address, "process": str(server.pid)})
    return 0


def serve() -> int:
    """Be that GitHub until told to stop."""
    with tempfile.TemporaryDirectory(prefix="s2r-github-") as folder:
        bare = Path(folder)
        here = os.environ.get("GITHUB_WORKSPACE") or os.getcwd()
        branch = os.environ["GITHUB_REF"].removeprefix("refs/heads/")
        github = GitHubStandIn(bare, repository=os.environ["GITHUB_REPOSITORY"])
        github.git("init", "-q", "--bare", ".")
        github.git("fetch", "-q", "--depth=1", f"file://{here}", f"HEAD:refs/heads/{branch}")
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        with served(github) as address:
            print(address, flush=True)
            signal.sigwait({signal.SIGTERM})
    return 0


def comment() -> int:
    """Answer a comment, with what ``action.yml`` would install, in the environment of this runner."""
    with tempfile.TemporaryDirectory(prefix="s2r-comment-") as folder:
        event = Path(folder) / "event.json"
        event.write_text(json.dumps(_COMMENT))
        environ = {
            **os.environ,
            "GITHUB_EVENT_NAME": "issue_comment",
            "GITHUB_EVENT_PATH": str(event),
            "S2R_MODE": "command",
            "S2R_TOKEN": TOKEN,
            "S2R_GITHUB_API_URL": os.environ["S2R_ADDRESS"],
        }
        words = [_python(Path(folder)), "-I", "-m", "s2r_ci.action"]
        return subprocess.run(words, env=environ, check=False).returncode


def _python(folder: Path) -> str:
    """The interpreter that the steps of ``action.yml`` find or set up."""
    known: dict[str, str] = {}
    for step in ("place", "install"):
        outputs = folder / step
        outputs.touch()
        given = {f"S2R_{name.upper()}": value for name, value in known.items()}
        environ = {**os.environ, **given, "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_OUTPUT": str(outputs)}
        subprocess.run(["bash", str(ROOT / "tools" / "action_setup.sh"), step], env=environ, check=True)
        known |= dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return known["python"]


def look() -> int:
    """Print each expectation and whether it is met."""
    with urllib.request.urlopen(f"{os.environ['S2R_ADDRESS']}/stand-in") as answer:
        there = json.load(answer)
    pulls = there["pulls"]
    comments = [each["body"] for each in there["comments"]]
    met = {
        "mode pr opened one": os.environ["S2R_FIRST"] == "created",
        "mode pr changed nothing the second time": os.environ["S2R_SECOND"] == "unchanged",
        "one pull request is there": [pull["state"] for pull in pulls] == ["open"],
        "it lists the manifests": "### What to check in one minute" in pulls[0]["body"] if pulls else False,
        "it lists what has none": "### Without a manifest" in pulls[0]["body"] if pulls else False,
        "the comment was answered": len(comments) == 1 and "| Script and line |" in comments[0],
        "every request is as GitHub describes it": not there["wrong"],
    }
    for what, is_so in met.items():
        print(f"{'yes' if is_so else 'NO '} {what}")
    return 0 if all(met.values()) else 1


def stop() -> int:
    """End the server."""
    os.kill(int(os.environ["S2R_PROCESS"]), signal.SIGTERM)
    return 0


def _say(outputs: Mapping[str, str]) -> None:
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())


_DEEDS: Final[Mapping[str, Callable[[], int]]] = {
    "start": start, "serve": serve, "comment": comment, "look": look, "stop": stop,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(_DEEDS[sys.argv[1]]())
