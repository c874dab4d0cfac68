"""The service without its model: CPU and time of a request against dynalite, cost of a refusal, start of the handler."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.table import Row

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "lambda")]


def run(scale: str) -> Iterator[Row]:
    from s2r_ci.signing import sign, verify
    from s2r_service.store.dynamo import DynamoStore, Tables
    from tests.service.callers import SECRET, convert, deployment, post, told
    from tests.service.stores import dynalite, made

    count = 2_000 if scale == "full" else 200
    body = b"#" * 51_200
    yield _row(
        "sign and verify 50 kB", [_timed(lambda: verify(SECRET, "1763650000", body, sign(SECRET, "1763650000", body)))
                                  for _ in range(count)], 0.99, 0.002)  # fmt: skip
    refused = post(body, "/", secret=b"x" * 40, kid=None)
    open_ = deployment(failure_limit=10**9)
    yield _row("a request refused, CPU", [_cpu(lambda: told(refused, open_)) for _ in range(count)], 0.99, 0.005)
    with dynalite() as address:
        parts = deployment(DynamoStore(made(address), Tables()), daily_limit=10**9)
        asked = [convert(_script(n)) for n in range(2 * count + 20)]
        for request in asked[:20]:
            assert told(request, parts) == "200"
        alone = [_timed(partial(told, request, parts)) for request in asked[20 : 20 + count]]
        yield _row("a conversion, one at a time", alone, 0.50, 0.020)
        yield _row("a conversion, one at a time", alone, 0.99, 0.060)
        spent = time.process_time()
        begun = time.perf_counter()
        with ThreadPoolExecutor(16) as pool:
            many = list(pool.map(lambda request: _timed(lambda: told(request, parts)), asked[20 + count :]))
        rate = len(many) / (time.perf_counter() - begun)
        cpu = (time.process_time() - spent) / len(many)
        yield Row(
            what="CPU of a conversion, 16 at once", own=f"{cpu * 1000:.1f} ms", target="14 ms", kept=cpu <= 0.014
        )
        yield Row(what="conversions a second, 16 at once", own=f"{rate:.0f}", target="70", kept=rate >= 70)
        yield _row("a conversion, 16 at once", many, 0.99, 0.350)
    yield _start(7 if scale == "full" else 3)


def _script(number: int) -> str:
    return f"#!/bin/bash\n#SBATCH --job-name=j{number}\n#SBATCH --gres=gpu:1\n#SBATCH --mem=4G\npython train.py\n"


def _timed(does: Callable[[], object]) -> float:
    begun = time.perf_counter()
    does()
    return time.perf_counter() - begun


def _cpu(does: Callable[[], object]) -> float:
    begun = time.process_time()
    does()
    return time.process_time() - begun


def _row(what: str, seconds: list[float], part: float, target: float) -> Row:
    own = sorted(seconds)[min(len(seconds) - 1, int(part * len(seconds)))]
    name = f"{what}, p{part * 100:.0f}"
    return Row(what=name, own=f"{own * 1000:.2f} ms", target=f"{target * 1000:.0f} ms", kept=own <= target)


def _start(rounds: int) -> Row:
    """CPU of importing the handler and making its parts, against boto3 and two clients alone."""
    own = min(_cpu_of("import os\nfrom s2r_service.handler import parts\nparts()") for _ in range(rounds))
    peer = min(
        _cpu_of("import boto3\nfor name in ('dynamodb', 'bedrock-runtime'): boto3.client(name)")
        for _ in range(rounds)
    )
    return Row(what="cold start of the handler, CPU", own=f"{own * 1000:.0f} ms", peer=f"{peer * 1000:.0f} ms",
               ratio=f"{own / peer:.2f}", target="1.5", kept=own <= 1.5 * peer)  # fmt: skip


def _cpu_of(code: str) -> float:
    environ = {
        **os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'lambda'}", "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up",  # pragma: allowlist secret
        "S2R_SHARED_SECRET": "made-up-secret-0123456789abcdef-0123456789",  # pragma: allowlist secret
    }  # fmt: skip
    tell = "\nimport resource; u = resource.getrusage(resource.RUSAGE_SELF); print(u.ru_utime + u.ru_stime)"
    done = subprocess.run(
        [sys.executable, "-c", code + tell], env=environ, capture_output=True, text=True, check=True
    )
    return float(done.stdout)
