"""The Lambda zip: small, the same bytes twice, and each thing in it imports."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.lambda_zip import LARGEST, SERVICES, build, main, requirements

CODE = """
import sys
sys.path[:] = [sys.argv[1], *(each for each in sys.path if "site-packages" not in each)]
import boto3, botocore, jsonschema_rs, tree_sitter, tree_sitter_bash, yaml, s2r_ci, s2r_service.handler
assert all(each.__file__.startswith(sys.argv[1]) for each in (boto3, yaml, tree_sitter, s2r_ci, s2r_service.handler))
for service in sys.argv[2:]:
    boto3.client(service, region_name="us-west-2", aws_access_key_id="made-up", aws_secret_access_key="made-up")
from s2r_ci import convert_slurm_to_runai
assert "kind: " in convert_slurm_to_runai("#!/bin/bash\\n#SBATCH --gres=gpu:1\\npython a.py\\n")
for name in ("fastapi", "uvicorn", "requests", "pydantic"):
    assert name not in sys.modules
"""


@pytest.mark.slow
def test_everything_in_the_zip_imports(tmp_path: Path) -> None:
    """Built for this machine: what is compiled for arm64 cannot be loaded here."""
    build(tmp_path, platform=())
    subprocess.run([sys.executable, "-c", CODE, str(tmp_path), *sorted(SERVICES)], check=True)


@pytest.mark.slow
def test_the_zip_is_small_and_the_same_twice(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert main(["--output", str(tmp_path / name)]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").stat().st_size <= LARGEST


def test_the_sdk_is_pinned_by_hash_and_the_web_framework_stays_out() -> None:
    text = requirements()
    assert "\nboto3==" in f"\n{text}"
    assert "--hash=sha256:" in text
    assert not [name for name in ("fastapi", "uvicorn", "requests") if f"\n{name}==" in f"\n{text}"]
