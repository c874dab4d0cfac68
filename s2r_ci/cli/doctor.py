"""``s2r-scan doctor``: what is configured, what is missing, and what to do about it."""

import os
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import TYPE_CHECKING

from s2r_ci import __version__
from s2r_ci.cli import VERBS
from s2r_ci.cli.arguments import add_service, add_target, parse, parser
from s2r_ci.frozen import replace
from s2r_ci.publish.report import publish
from s2r_ci.repository import Place, place_of
from s2r_ci.signing import WINDOW_S

if TYPE_CHECKING:
    from s2r_ci.remote.access import Access

_WRONG_SETTINGS = 2
_UNSET = "not set: no service is asked (S2R_SHARED_SECRET, or S2R_SHARED_SECRET_FILE)"
_PARTS = {
    "PyYAML": "reads manifests",
    "jsonschema": "explains what is wrong with a manifest",
    "jsonschema-rs": "says yes to a right manifest fast (optional: without it runs are slower)",
    "tree-sitter": "reads the shell",
    "tree-sitter-bash": "reads the shell",
    "requests": "asks the conversion service",
}


def run(verb: str, words: Sequence[str]) -> int:
    """Print the configuration; wrong settings end it with exit code 2, as they would end a run.

    A service that does not answer is 3 and a key that it does not take is 2, after everything was printed.
    """
    made = parser(verb, VERBS[verb])
    add_target(made)
    add_service(made)
    place = place_of(parse(made, words))
    service, code = _service(place)
    lines = [*_machine(), *_settings(place, service), *_variables()]
    width = max(len(name) for name, _ in lines)
    publish("".join(f"{name:{width}}  {value}\n" for name, value in lines), "")
    return code


def _machine() -> Iterator[tuple[str, str]]:
    yield "s2r-ci", __version__
    yield "Python", f"{sys.version.split()[0]} ({sys.platform})"
    yield "git", _git()
    for name, purpose in _PARTS.items():
        try:
            yield name, f"{metadata.version(name)}, {purpose}"
        except metadata.PackageNotFoundError:
            yield name, f"MISSING: {purpose}; pip install {name}"


def _git() -> str:
    import subprocess

    try:
        done = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "MISSING: repositories are walked without their .gitignore; install git"
    return done.stdout.strip().removeprefix("git version ")


def _settings(place: Place, service: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    settings = place.settings
    site = settings.site
    yield "root", place.root
    yield (
        "target",
        f"{settings.target}, Run:ai {settings.runai_release}, scripts read as Slurm {settings.slurm_version}",
    )
    yield "converter", settings.converter
    yield from service
    yield "image", settings.image or 'not set: every script that names none is asked for one (image = "...")'
    yield "memory", settings.memory or 'not set: scripts without --mem are asked for it (memory = "16G")'
    yield "project", settings.project or "not set: the submit command says -p PROJECT"
    tables = ("partitions", "accounts", "qos", "gpus", "features", "modules", "volumes", "gres")
    filled = [f"{name} {len(getattr(site, name))}" for name in tables if getattr(site, name)]
    yield "site map", ", ".join(filled) or "empty: `s2r-scan audit` prints one to fill in"
    yield "manifests", settings.manifest_pattern


def _service(place: Place) -> tuple[list[tuple[str, str]], int]:
    """Where the service is, with which key, whether it answers, how far apart the clocks are; and the exit code."""
    from s2r_ci.asking import access_for

    settings = place.settings
    lines = [("service", settings.api_endpoint or "not set: no service is asked (api-endpoint)")]
    if not settings.api_endpoint:
        return lines, 0
    lines.append(("key id", settings.key_id or "not set: the service tries its default keys"))
    access = access_for(replace(settings, converter="auto"), os.environ)
    if access is None:
        return [*lines, ("secret", _UNSET)], 0
    reached, code = _reached(place, access)
    return [*lines, ("secret", "set (not shown)"), *reached], code


def _reached(place: Place, access: "Access") -> tuple[list[tuple[str, str]], int]:
    from s2r_ci.asking import service_for
    from s2r_ci.errors import ConversionError, SignatureError
    from s2r_ci.remote.questions import health, quota
    from s2r_ci.remote.transport import Transport

    try:
        found = health(Transport(access.origin))
    except ConversionError as error:
        return [("reached", f"NO: {error.what}")], error.exit_code
    if found.first:
        return _reached_first(place)
    skewed = "; requests are signed with the service's time" if abs(found.skew_s) > WINDOW_S else ""
    lines = [
        ("reached", f"yes, wire versions {', '.join(map(str, found.versions)) or 'none'}"),
        ("clock", f"{found.skew_s:+d} s, the service against this machine{skewed}"),
    ]
    try:
        left = quota(service_for(access, place.settings, os.environ, root=place.root).client)
    except ConversionError as error:
        wrong = isinstance(error, SignatureError)  # a matter of the settings, not of the service
        return [*lines, ("key", f"NOT accepted: {error.what}")], _WRONG_SETTINGS if wrong else error.exit_code
    return [*lines, ("key", f"accepted; {left.remaining:,} of {left.limit:,} conversions left today")], 0


def _reached_first(place: Place) -> tuple[list[tuple[str, str]], int]:
    """A server of the first s2r: its key cannot be tried, because each request that it takes is charged."""
    reached = ("reached", "yes, a server of the first s2r: it takes raw scripts, and its answers are not signed")
    if place.settings.key_id:
        return [reached, ("key", "NOT accepted: it knows no key ids; unset key-id")], _WRONG_SETTINGS
    return [reached, ("key", "not tried: a request would be charged")], 0


def _variables() -> Iterator[tuple[str, str]]:
    for name in sorted(os.environ):
        if name.startswith("S2R_"):
            secret = any(word in name for word in ("SECRET", "TOKEN")) and not name.endswith("_FILE")
            yield name, "set (not shown)" if secret else os.environ[name]
