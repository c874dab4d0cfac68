"""The inputs of the Action, on one page. ``action.yml``, README and tests are held to this list.

An input that is a setting has the setting's name and reaches the command as its variable, ``S2R_FAIL_ON``; the others
are the Action's own. An empty input is no input.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from s2r_ci.errors import ConfigurationError
from s2r_ci.settings import KEYS

MODES: Final[Mapping[str, str]] = {
    "check": "compare every script with its manifest",
    "write": "write the manifests into the checkout, for a later step",
    "pr": "open or update pull requests that carry the manifests",
    "audit": "what is there, what it asks for, what has to be answered",
    "lint": "what is wrong with the scripts themselves",
    "command": "answer a comment of a pull request (issue_comment only)",
}


class Input(NamedTuple):
    """One input. ``secret``: it reaches only those modes that need it, and is masked first."""

    name: str
    says: str
    default: str = ""
    secret: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that carries it."""
        return "S2R_" + self.name.replace("-", "_").upper()


def _setting(name: str, default: str = "") -> Input:
    return Input(name, KEYS[name].says, default)


INPUTS: Final[Mapping[str, Input]] = {
    each.name: each
    for each in (
        Input("mode", f"what to do: {', '.join(MODES)}", "check"),
        _setting("paths"),
        _setting("converter"),
        _setting("api-endpoint"),
        Input(
            "shared-secret",
            "what signs requests to the service: from a secret of the repository",
            secret=True,
        ),
        _setting("key-id"),
        _setting("model"),
        _setting("send"),
        _setting("max-requests"),
        _setting("max-cost"),
        _setting("target"),
        _setting("runai-release"),
        _setting("slurm-version"),
        _setting("fail-on"),
        _setting("format"),
        Input("sarif-file", "write the findings as SARIF to this file, for github/codeql-action/upload-sarif"),
        _setting("baseline"),
        _setting("changed-since"),
        Input("config", "read the settings from this file"),
        _setting("allow-missing"),
        _setting("pr-grouping"),
        _setting("pr-limit"),
        _setting("branch-prefix"),
        _setting("labels"),
        _setting("reviewers"),
        _setting("draft"),
        _setting("dashboard"),
        Input("manifests-from", "for mode pr: take the manifests from this folder, judge them anew, write none"),
        Input("comment", "true: keep a comment on the pull request with what was found"),
        Input("token", "for mode pr and command: who opens pull requests", "${{ github.token }}", secret=True),
        Input(
            "github-api-url",
            "address of GitHub's interface where it is not the runner's own: https://HOST/api/v3",
        ),
        Input(
            "allow-privileged-event",
            "inspect-only lets pull_request_target and workflow_run check offline, without secrets",
        ),
    )
}


def given(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs that were given, stripped, with the defaults of those that were not; a default that is an expression
    is GitHub's to fill in. Raises ConfigurationError for an unknown mode.
    """
    values = {}
    for each in INPUTS.values():
        fallback = "" if each.default.startswith("${{") else each.default
        values[each.name] = environ.get(each.variable, "").strip() or fallback
    if values["mode"] not in MODES:
        raise ConfigurationError(
            f"no mode is called {values['mode']!a}", where="input mode", hint=f"choose one of: {', '.join(MODES)}"
        )
    if values["allow-privileged-event"] not in ("", "inspect-only"):
        raise ConfigurationError(
            "the only word it takes is inspect-only",
            where="input allow-privileged-event",
            hint="see docs/action.md",
        )
    return values


def addresses(api: str) -> dict[str, str]:
    """What the runner would set for this interface: its address, and that of the server to push to, which is on the
    same host. A token never goes to another one.

    >>> addresses("https://git.example.org/api/v3/")["GITHUB_SERVER_URL"]
    'https://git.example.org'
    >>> addresses("https://api.octo.ghe.com")["GITHUB_SERVER_URL"]
    'https://octo.ghe.com'
    """
    try:
        parts = urlsplit(api)
    except ValueError:
        parts = urlsplit("")
    if not parts.netloc or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError("this is no address", where="input github-api-url", hint="https://HOST/api/v3")
    host = parts.netloc.removeprefix("api.") if parts.path.strip("/") == "" else parts.netloc
    return {"GITHUB_API_URL": api.rstrip("/"), "GITHUB_SERVER_URL": f"{parts.scheme}://{host}"}
