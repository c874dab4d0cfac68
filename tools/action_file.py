"""Writes ``action.yml`` from the list of inputs: ``python -m tools.action_file``. A test holds both together."""

import json
import sys
from pathlib import Path

from s2r_ci.action.inputs import INPUTS

PLACE = Path(__file__).parents[1] / "action.yml"
# Restored and saved by two steps: what restores and saves in one saves only where the job succeeds, and a repository
# whose check fails would install everything anew with each push.
CACHE = "actions/cache/{part}@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0"
OUTPUTS = {
    "outcome": "the worst outcome: skipped, passed, review, failed or errored",
    "exit-code": "the exit code, as the README's table has it",
    "scripts": "how many batch scripts were looked at",
    "passed": "how many of them passed",
    "review": "how many wait for an answer",
    "failed": "how many failed",
    "skipped": "how many were skipped",
    "errored": "how many could not be checked",
    "questions": "how many questions are open",
    "findings": "how many findings there are",
    "report-json": "the whole report, a file of schema report.v1",
    "sarif-file": "the SARIF file, where one was asked for",
    "pull-request-numbers": "numbers of the pull requests, one a line",
    "pull-request-urls": "their addresses, one a line",
    "operation": "what was done to them: created, updated, unchanged or closed",
}
HEAD = """\
# Written by `python -m tools.action_file`; the inputs stand in s2r_ci/action/inputs.py.
# No expression stands inside a `run:`: what comes from outside reaches the program by the environment only.
name: s2r-ci
description: Checks that every Slurm batch script has the Run:ai manifest that it gives, and opens pull requests
author: the s2r-ci authors
branding:
  icon: check-square
  color: green
"""
STEPS = """\
runs:
  using: composite
  steps:
    - name: Find Python and the place of the packages
      id: place
      shell: bash
      run: bash "$GITHUB_ACTION_PATH/tools/action_setup.sh" place
    - name: Take the packages from the cache
      id: cache
      uses: {restore}
      with:
        path: ${{{{ steps.place.outputs.folder }}}}
        key: ${{{{ steps.place.outputs.key }}}}
    - name: Install what the cache did not hold
      id: install
      shell: bash
      env:
        S2R_FOLDER: ${{{{ steps.place.outputs.folder }}}}
        S2R_INTERPRETER: ${{{{ steps.place.outputs.interpreter }}}}
      run: bash "$GITHUB_ACTION_PATH/tools/action_setup.sh" install
    - name: Keep them for the next run
      if: steps.cache.outputs.cache-hit != 'true'
      uses: {save}
      with:
        path: ${{{{ steps.place.outputs.folder }}}}
        key: ${{{{ steps.place.outputs.key }}}}
    - name: Run s2r-ci
      id: run
      shell: bash
      env:
        S2R_PYTHON: ${{{{ steps.install.outputs.python }}}}
{env}
      run: '"$S2R_PYTHON" -I -m s2r_ci.action'
"""


def text() -> str:
    """The whole file."""
    inputs = "".join(
        f"  {each.name}:\n    description: {json.dumps(each.says)}\n    required: false\n"
        f"    default: {json.dumps(each.default)}\n"
        for each in INPUTS.values()
    )
    outputs = "".join(
        f"  {name}:\n    description: {json.dumps(says)}\n    value: ${{{{ steps.run.outputs.{name} }}}}\n"
        for name, says in OUTPUTS.items()
    )
    env = "\n".join(f"        {each.variable}: ${{{{ inputs.{each.name} }}}}" for each in INPUTS.values())
    cache = {part: CACHE.format(part=part) for part in ("restore", "save")}
    steps = STEPS.format(**cache, env=env)
    return f"{HEAD}inputs:\n{inputs}outputs:\n{outputs}{steps}"


def main() -> int:
    PLACE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
