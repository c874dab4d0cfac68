"""Cuts GitHub's own description of its interface down to what we use: ``python -m tools.github_description FILE...``.

FILE is ``generated/api.github.com.json`` of the npm package @octokit/openapi (MIT), or the description of a release of
GitHub Enterprise Server beside it, ``ghes-3.17.json``. The results are what tests hold every request and every answer
of the stand-in against.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[1] / "tests" / "vendor" / "github"
_REPO: Final = "/repos/{owner}/{repo}"
USED: Final = {
    _REPO: ("get",),
    f"{_REPO}/pulls": ("get", "post"),
    f"{_REPO}/pulls/{{pull_number}}": ("get", "patch"),
    f"{_REPO}/pulls/{{pull_number}}/commits": ("get",),
    f"{_REPO}/pulls/{{pull_number}}/requested_reviewers": ("post",),
    f"{_REPO}/git/ref/{{ref}}": ("get",),
    f"{_REPO}/git/refs": ("post",),
    f"{_REPO}/git/refs/{{ref}}": ("patch", "delete"),
    f"{_REPO}/git/commits/{{commit_sha}}": ("get",),
    f"{_REPO}/git/commits": ("post",),
    f"{_REPO}/git/trees": ("post",),
    f"{_REPO}/git/trees/{{tree_sha}}": ("get",),
    f"{_REPO}/git/blobs/{{file_sha}}": ("get",),
    f"{_REPO}/compare/{{basehead}}": ("get",),
    f"{_REPO}/issues": ("get", "post"),
    f"{_REPO}/issues/{{issue_number}}": ("get", "patch"),
    f"{_REPO}/issues/{{issue_number}}/comments": ("get", "post"),
    f"{_REPO}/issues/comments/{{comment_id}}": ("patch",),
    f"{_REPO}/issues/comments/{{comment_id}}/reactions": ("post",),
    f"{_REPO}/issues/{{issue_number}}/labels": ("post",),
    f"{_REPO}/collaborators/{{username}}/permission": ("get",),
}
_TEXTS: Final = frozenset({"description", "example", "examples", "summary", "x-github", "externalDocs", "tags"})


def pruned(whole: dict[str, Any]) -> dict[str, Any]:
    """The used operations and all that they refer to, without texts and examples."""
    paths = {path: _kept(whole["paths"][path], methods) for path, methods in USED.items()}
    components: dict[str, dict[str, Any]] = {}
    waiting = list(_references(paths))
    while waiting:
        kind, name = waiting.pop()
        if name not in components.setdefault(kind, {}):
            components[kind][name] = _bare(whole["components"][kind][name])
            waiting.extend(_references(components[kind][name]))
    return {"openapi": whole["openapi"], "info": whole["info"], "paths": paths, "components": components}


def _kept(path: dict[str, Any], methods: tuple[str, ...]) -> dict[str, Any]:
    return {method: _bare(path[method]) for method in methods}


def _bare(value: Any, *, names: bool = False) -> Any:
    """Without texts; below ``properties`` the keys are names of fields and all stay."""
    if isinstance(value, dict):
        return {
            key: _bare(each, names=key == "properties") for key, each in value.items() if names or key not in _TEXTS
        }
    return [_bare(each) for each in value] if isinstance(value, list) else value


def _references(value: Any) -> Iterator[tuple[str, str]]:
    for found in re.findall(r'"#/components/([^/"]+)/([^/"]+)"', json.dumps(value)):
        yield found[0], found[1]


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in map(Path, sys.argv[1:]):
        data = file.read_bytes()
        text = json.dumps(pruned(json.loads(data)), sort_keys=True, separators=(",", ":")) + "\n"
        (FOLDER / file.name).write_text(text)
        own, source = (hashlib.sha256(each).hexdigest() for each in (text.encode(), data))
        print(f"{file.name}: {len(text):,} octets, sha256 {own}; source sha256 {source}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
