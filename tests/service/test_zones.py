"""The day is UTC whatever the machine thinks of its place (B05, F-28)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = "from s2r_service.charging import day_of; print(day_of(1763683199999), day_of(1763683200000))"


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Adak", "Europe/Berlin", "", "no/where"])
def test_the_day_is_utc_in_every_zone(zone: str) -> None:
    environ = {**os.environ, "TZ": zone, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'lambda'}"}
    done = subprocess.run([sys.executable, "-c", CODE], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2025-11-20", "2025-11-21"]
