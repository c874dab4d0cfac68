"""Builds the Lambda zip: ``python -m tools.lambda_zip [--output dist/s2r-lambda.zip]``.

arm64, Python 3.12, from the hash-locked requirements: the same inputs give the same bytes. boto3 is inside and pinned,
its data cut to the services that are used. What only the container or a developer's machine needs stays out.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SERVICES: Final = frozenset({"bedrock-runtime", "dynamodb", "secretsmanager"})
LEFT_OUT: Final = (
    frozenset(  # of requirements/service.txt: the web framework, the client's HTTP, the build, the explainer
        [
            "annotated-doc",
            "annotated-types",
            "anyio",
            "certifi",
            "charset-normalizer",
            "click",
            "colorama",
            "editables",
            "fastapi",
            "h11",
            "hatchling",
            "idna",
            "packaging",
            "pathspec",
            "pluggy",
            "pydantic",
            "pydantic-core",
            "requests",
            "starlette",
            "trove-classifiers",
            "typing-inspection",
            "uvicorn",
        ]
    )
)
LARGEST: Final = 12 * 1024 * 1024
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)
_PLATFORM: Final = ("--platform", "manylinux2014_aarch64", "--platform", "manylinux_2_28_aarch64",
                    "--python-version", "3.12", "--implementation", "cp", "--only-binary", ":all:")  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.lambda_zip")
    parser.add_argument("--output", default=str(ROOT / "dist" / "s2r-lambda.zip"))
    output = Path(parser.parse_args(argv).output)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        size = pack(Path(folder), output)
    print(f"{output}: {size:,} octets")
    if size > LARGEST:
        print(f"larger than {LARGEST:,} octets", file=sys.stderr)
        return 1
    return 0


def build(folder: Path, platform: Sequence[str] = _PLATFORM) -> None:
    """Fill a folder with what the function imports; without ``platform``, for this machine."""
    wanted = folder.with_name(f"{folder.name}.txt")
    wanted.write_text(requirements())
    try:
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile",
             "--require-hashes", "--no-deps", "--target", str(folder), *platform, "-r", str(wanted)],
            check=True,
        )  # fmt: skip
    finally:
        wanted.unlink()
    _cut(folder)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "s2r_ci", folder / "s2r_ci", ignore=ignore)
    shutil.copytree(ROOT / "schemas", folder / "s2r_ci" / "schemas", ignore=shutil.ignore_patterns("examples"))
    shutil.copytree(ROOT / "lambda" / "s2r_service", folder / "s2r_service",
                    ignore=shutil.ignore_patterns("__pycache__", "*.pyc", "standin"))  # fmt: skip


def requirements() -> str:
    """The locked requirements without what is left out."""
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements" / "service.txt").read_text())
    return "\n".join(each for each in blocks if re.split(r"[=\s]", each)[0] not in LEFT_OUT) + "\n"


def _cut(folder: Path) -> None:
    """Of the SDK's data, keep the services that are used and what belongs to all of them."""
    for data in (folder / "botocore" / "data", folder / "boto3" / "data"):
        for path in data.iterdir() if data.is_dir() else ():
            if path.is_dir() and path.name not in SERVICES:
                shutil.rmtree(path)
    for path in [*folder.glob("*.dist-info"), folder / "bin", *folder.rglob("__pycache__")]:
        shutil.rmtree(path, ignore_errors=True)
    for name in ("boto3/examples", "botocore/cacert.pem.orig"):
        shutil.rmtree(folder / name, ignore_errors=True)


def pack(folder: Path, output: Path) -> int:
    """One zip of a folder: sorted names, one moment, one mode. Returns its size in octets."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _MOMENT)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)
    return output.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
