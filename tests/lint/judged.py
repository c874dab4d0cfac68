"""Scripts made of a few lines, and what the linter says of them under one rule."""

from collections.abc import Mapping

from s2r_ci.lint import Around, lint
from s2r_ci.model import Finding, Script
from s2r_ci.slurm.job import read_script

PATH = "jobs/train.sh"


class Repository:
    """What lies around the script: folders, and files with so many lines."""

    def __init__(
        self, *folders: str, sent_with: str = "", texts: Mapping[str, bytes] | None = None, **files: int
    ) -> None:
        self._folders = folders
        self._sent_with = sent_with
        self._texts = texts or {}
        self._files = {name.replace("_", "."): count for name, count in files.items()}

    def folder(self, script: str, path: str) -> bool | None:
        return path in self._folders

    def lines(self, script: str, path: str) -> int | None:
        return self._files.get(path)

    def holds(self, script: str, path: str, text: bytes) -> bool | None:
        return text in self._texts[path] if path in self._texts else None

    def sent_with(self, script: str, *spelled: str) -> bool:
        return self._sent_with.startswith(spelled)


def job(*directives: str, body: str = "python train.py", first: str = "#!/bin/bash") -> str:
    """A script with these directives and this program part."""
    return "\n".join([first, *(f"#SBATCH {directive}" for directive in directives), body, ""])


def findings(
    script: str | bytes, *, release: str = "24.11", around: Around | None = None, rule: str = ""
) -> list[Finding]:
    """What the linter finds, of one rule or of all."""
    data = script if isinstance(script, bytes) else script.encode("utf-8", "surrogateescape")
    text = Script(path=PATH, data=data)
    every = lint(text, read_script(text, release=release), around)
    return [finding for finding in every if rule in ("", finding.rule.id) and not finding.suppression]


def messages(rule: str, script: str | bytes, *, release: str = "24.11", around: Around | None = None) -> list[str]:
    """What the linter says under one rule."""
    return [finding.message for finding in findings(script, release=release, around=around, rule=rule)]
