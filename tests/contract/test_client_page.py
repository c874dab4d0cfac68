"""docs/client.md names every problem of the service with the exit code that it ends a run with."""

import re
from pathlib import Path

import pytest

from s2r_ci.errors import QuotaExceededError
from s2r_ci.problems import PROBLEMS
from s2r_ci.settings import KEYS

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
ROWS = [line.split("|") for line in PAGE.splitlines() if re.search(r"\| [0-9] \|$", line)]


@pytest.mark.parametrize("code", sorted(PROBLEMS))
def test_every_problem_has_its_exit_code(code: str) -> None:
    (row,) = [row for row in ROWS if f"`{code}`" in row[2]]
    assert int(row[3]) == PROBLEMS[code].error.exit_code


def test_the_limits_of_a_run_end_as_a_quota_does() -> None:
    (row,) = [row for row in ROWS if "`max-requests`" in row[1]]
    assert int(row[3]) == QuotaExceededError.exit_code


@pytest.mark.parametrize(
    "name",
    ["api-endpoint", "key-id", "converter", "model", "send", "redact", "in-flight", "max-requests", "max-cost",
     "deadline", "on-service-failure"],
)  # fmt: skip
def test_every_setting_of_the_client_is_on_the_page(name: str) -> None:
    assert name in KEYS
    assert f"`{name}`" in PAGE or f"`{name} =" in PAGE
