"""The main path on this machine, with real parts: ``make demo-service``.

scan -> signed request over HTTP -> quota -> model (the stand-in for Bedrock, asked through the real SDK) -> judge ->
validated manifest; then the quota, a second run that costs nothing, and a service that is down. Needs no account.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SCRIPTS: Final = {
    "train.sh": "#!/bin/bash\n#SBATCH --job-name=train\n#SBATCH --gres=gpu:2 --mem=32G --time=2:00:00\n"
    "module load pytorch-lightning\nsrun python fit.py --epochs 3\n",
    "eval.sh": "#!/bin/bash\n#SBATCH --job-name=eval\n#SBATCH --cpus-per-task=4 --mem=8G\npython eval.py\n",
}
SETTINGS: Final = (
    'working-directory = "/workspace"\n\n'
    '[[answers]]\nscripts = "eval.sh"\nimage = "registry.example.com/ml/eval:1"\n'
)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="s2r-demo-") as folder, ExitStack() as running:
        work = Path(folder) / "repository"
        work.mkdir()
        for name, text in SCRIPTS.items():
            (work / name).write_text(text)
        (work / "s2r-ci.toml").write_text(SETTINGS)
        subprocess.run(["git", "init", "-q", str(work)], check=True)
        environ = _environ(folder)
        bedrock = running.enter_context(_serving(["-m", "s2r_service.standin"], environ))
        model = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock, "S2R_CONVERTER": "bedrock"}
        command = ["-m", "s2r_service", "--port", "0", "--folder", f"{folder}/service"]
        with _serving(command, {**environ, **model}) as address:
            print(f"the stand-in for Bedrock: {bedrock}\nthe service:              {address}\n", flush=True)
            secret = (Path(folder) / "service" / "secret").read_text().strip()
            client = {**environ, "S2R_API_ENDPOINT": address, "S2R_SHARED_SECRET": secret}
            codes = [
                _shown("what would be sent", ["check", "--dry-run"], client, work),
                _shown("every script sent, signed; the answers judged and written", ["write"], client, work),
                _shown("again: nothing is sent, nothing is charged", ["check"], client, work),
            ]
            manifest = work / "train.sh.runai.yaml"
            print(f"\n--- {manifest.name}, first lines\n" + "\n".join(manifest.read_text().splitlines()[:24]))
            print(
                "\nThis service has ended with the demo. `make serve` starts one that stays: its first line names its "
                "address, where /healthz, /v1/models and /docs answer in a browser"
            )
    return 0 if codes[1:] == [0, 0] else 1


def _environ(folder: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("S2R_", "AWS_", "GIT_"))}
    return {
        **kept, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'lambda'}", "XDG_CACHE_HOME": f"{folder}/cache",
        "AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip


@contextmanager
def _serving(command: list[str], environ: Mapping[str, str]) -> Iterator[str]:
    """A server as a process of its own; its address is in the first line that it prints."""
    server = subprocess.Popen([sys.executable, *command], env=dict(environ), stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    try:
        assert server.stdout is not None
        found = re.search(r"http://[0-9.]+:[0-9]+", server.stdout.readline())
        assert found, f"{' '.join(command)} did not start"
        yield found[0]
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _shown(what: str, words: list[str], environ: Mapping[str, str], work: Path) -> int:
    print(f"\n=== {what}: s2r-scan {' '.join(words)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "s2r_ci", *words], env=dict(environ), cwd=work, check=False)
    print(f"(exit code {done.returncode})", flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
