"""Commits on a branch: through GitHub's interface, which signs them, or by git where that is refused.

A branch is only ever moved forward. Where the base went on meanwhile, the new commit has two parents, the branch and
the base, so that nothing is rewritten and nobody's commit can be lost.
"""

import base64
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from s2r_ci.errors import PublishError
from s2r_ci.publish.github_api import GitHub, GitHubError, reference
from s2r_ci.publish.proposal import Proposal, commit_message

_GIT: Final = ("git", "-c", "core.hooksPath=/dev/null", "-c", "commit.gpgsign=false", "-c", "core.fsmonitor=")
_AUTHOR: Final = ("s2r-ci", "s2r-ci@users.noreply.github.com")
_TRUST: Final = ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH")
_BY_GIT: Final = (403, 404, 413)  # what the interface may refuse and a push may not


class Base(NamedTuple):
    """The branch that pull requests go to, at the commit that was scanned."""

    name: str
    commit: str


class Clone(NamedTuple):
    """The checkout, and where it can be pushed to: ``https://github.com/OWNER/NAME.git``."""

    root: str
    url: str
    token: str


def head_of(gh: GitHub, branch: str) -> str:
    """The commit of a branch, or empty."""
    found = gh.find(f"git/ref/{reference(branch)}")
    return str(found["object"]["sha"]) if isinstance(found, dict) else ""


def advance(gh: GitHub, branch: str, head: str, base: Base, proposal: Proposal, clone: Clone | None) -> str:
    """Put the proposal on the branch, whose commit is ``head`` (empty: it is not there). Returns the new commit.

    Raises GitHubError and PublishError.
    """
    parents = [base.commit] if not head else [head] if _within(gh, base, head) else [head, base.commit]
    try:
        commit = _commit(gh, base, parents, proposal)
    except GitHubError as error:
        if error.answered not in _BY_GIT or clone is None:
            raise
        return push(clone, branch, base, parents, proposal)
    if head:
        gh.write(
            "PATCH",
            f"git/refs/{reference(branch)}",
            {"sha": commit, "force": False},
            done=lambda: _there(gh, branch, commit),
        )
    else:
        gh.write(
            "POST",
            "git/refs",
            {"ref": f"refs/heads/{branch}", "sha": commit},
            done=lambda: _there(gh, branch, commit),
        )
    return commit


def _there(gh: GitHub, branch: str, commit: str) -> bool | None:
    return True if head_of(gh, branch) == commit else None


def _within(gh: GitHub, base: Base, head: str) -> bool:
    """Whether the branch holds the base's commit already."""
    compared = gh.get(f"compare/{base.commit}...{head}", per_page=1)
    return int(compared["behind_by"]) == 0


def _commit(gh: GitHub, base: Base, parents: Sequence[str], proposal: Proposal) -> str:
    """A commit whose tree is the base's with our files. Author and committer are left to GitHub, so that it signs."""
    onto = str(gh.get(f"git/commits/{base.commit}")["tree"]["sha"])
    entries: list[dict[str, str | None]] = [
        {"path": path, "mode": "100644", "type": "blob", "content": data.decode()}
        for path, data in proposal.files.items()
    ]
    entries += [{"path": each.path, "mode": "100644", "type": "blob", "sha": None} for each in proposal.removals]
    tree = gh.write("POST", "git/trees", {"base_tree": onto, "tree": entries}, done=lambda: None)
    made = gh.write(
        "POST",
        "git/commits",
        {"message": commit_message(proposal), "tree": tree["sha"], "parents": list(parents)},
        done=lambda: None,  # a commit that nothing points to is no harm
    )
    return str(made["sha"])


# --- by git -------------------------------------------------------------------------------------------------


def push(clone: Clone, branch: str, base: Base, parents: Sequence[str], proposal: Proposal) -> str:
    """The same by git, without touching index, work tree or configuration of the checkout. Raises PublishError."""
    with tempfile.TemporaryDirectory(prefix="s2r-index-") as folder:
        environ = _environment(clone, os.path.join(folder, "index"))
        for parent in parents[:-1] if len(parents) > 1 else parents:
            if parent != base.commit:
                _git(clone, environ, "fetch", "--quiet", "--no-tags", clone.url, parent)
        _git(clone, environ, "read-tree", base.commit)
        for path, data in proposal.files.items():
            blob = _git(clone, environ, "hash-object", "-w", "--stdin", stdin=data)
            _git(clone, environ, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
        for each in proposal.removals:
            _git(clone, environ, "update-index", "--force-remove", "--", each.path)
        tree = _git(clone, environ, "write-tree")
        named = [word for parent in parents for word in ("-p", parent)]
        commit = _git(clone, environ, "commit-tree", tree, *named, stdin=commit_message(proposal).encode())
        _git(clone, environ, "push", "--quiet", "--no-verify", clone.url, f"{commit}:refs/heads/{branch}")
    return commit


def _environment(clone: Clone, index: str) -> Mapping[str, str]:
    """git's environment: ours to say, the token by it and never by the command line. A certificate authority of the
    network's own counts for git as it does for the interface.
    """
    kept = {name: value for name, value in os.environ.items() if name in _TRUST or not name.startswith("GIT_")}
    if bundle := os.environ.get("REQUESTS_CA_BUNDLE"):
        kept.setdefault("GIT_SSL_CAPATH" if os.path.isdir(bundle) else "GIT_SSL_CAINFO", bundle)
    basic = base64.b64encode(f"x-access-token:{clone.token}".encode()).decode()
    name, mail = _AUTHOR
    return {
        **kept,
        "GIT_INDEX_FILE": index,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": mail,
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"http.{clone.url}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: basic {basic}",
        "GIT_CONFIG_KEY_1": "credential.helper",
        "GIT_CONFIG_VALUE_1": "",
    }


def _git(clone: Clone, environ: Mapping[str, str], *words: str, stdin: bytes = b"") -> str:
    done = subprocess.run(
        [*_GIT, *words],
        cwd=clone.root,
        env=dict(environ),
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1][:200] if said else f"exit code {done.returncode}"
        raise PublishError(
            f"git {words[0]} failed: {reason}", hint="check that the token may push, or let the API commit"
        )
    return done.stdout.decode().strip()
