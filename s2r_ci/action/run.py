"""One run of the Action: masks, situation, command, outputs, summary; the exit code is the command's."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from s2r_ci.action.inputs import INPUTS, addresses, given
from s2r_ci.action.situation import Situation, read_event, situation_of
from s2r_ci.cli import BUG
from s2r_ci.cli.verdict import gravest
from s2r_ci.errors import S2rError
from s2r_ci.publish.github import masks, write_outputs, write_summary
from s2r_ci.render.github import PREFIX, command, defused
from s2r_ci.render.markdown import prose
from s2r_ci.render.safe import printable
from s2r_ci.render.summary import MOST_PAIRS, Pair, fenced, pull_table, side_by_side
from s2r_ci.settings import KEYS

_OUTCOMES: Final = ("skipped", "passed", "review", "failed", "errored")
_WORST_FIRST: Final = ("errored", "failed", "review")
_VERBS: Final = {"command": "answer"}
_NETWORKED: Final = ("pr", "command")  # the modes that talk to GitHub
_LARGEST_SHOWN: Final = 65_536
_OURS: Final = "s2r-scan: "
_ENDED: Final = (2, 5, BUG)  # what ended the run is the last thing that the command said


class Files(NamedTuple):
    """Where a run leaves what outputs point to."""

    report: str
    summary: str
    result: str  # what mode pr and command did
    sarif: str


def main(environ: Mapping[str, str] | None = None) -> int:
    """Run once. Trouble is an annotation and an exit code, as at every other door."""
    environ = os.environ if environ is None else environ
    try:
        return _run(environ)
    except S2rError as error:
        hint = f"\nhint: {error.hint}" if error.hint else ""
        where = f"{error.where}: " if error.where else ""
        _say(command("error", f"{where}{error.what}{hint}", title="s2r-ci"))
        _leave({"outcome": "errored", "exit-code": str(error.exit_code)}, environ)
        return error.exit_code
    except Exception as error:  # the one door: a bug is told as one
        _say(command("error", f"a bug in s2r-ci: {type(error).__name__}: {error}", title="s2r-ci"))
        raise


def _run(environ: Mapping[str, str]) -> int:
    values = given(environ)
    if values["github-api-url"]:
        environ = {**environ, **addresses(values["github-api-url"])}
    for each in INPUTS.values():
        if each.secret and values[each.name]:
            for mask in masks(values[each.name], each.name):
                _say(mask)
    inspect_only = values["allow-privileged-event"] == "inspect-only"
    situation = situation_of(values["mode"], environ, read_event(environ), inspect_only=inspect_only)
    sentences = list(situation.why)
    if values["changed-since"] and not _known(values["changed-since"], environ):
        sentences.append(
            "The revision of changed-since is not in this clone (fetch-depth: 0 brings it): all checked."
        )
        values["changed-since"] = ""
    for sentence in sentences:
        _say(command("notice", sentence, title="s2r-ci"))
    files = _files(values, environ)
    code, said = _command(situation, values, files, environ)
    if trouble := str(_json(files.result).get("trouble", "")) or (_last(said) if code in _ENDED else ""):
        _say(command("error", trouble.replace("\n  hint:", "\nhint:"), title="s2r-ci"))
        sentences.append(prose(trouble.partition("\n")[0]))
    if values["comment"] == "true" and situation.mode == "check" and not situation.offline:
        code = _commented(code, values["token"], files, environ)
    return _published(code, situation, sentences, files, environ)


def _files(values: Mapping[str, str], environ: Mapping[str, str]) -> Files:
    base = environ.get("RUNNER_TEMP") or tempfile.gettempdir()
    folder = tempfile.mkdtemp(prefix="s2r-", dir=base)
    return Files(
        report=os.path.join(folder, "report.json"),
        summary=os.path.join(folder, "summary.md"),
        result=os.path.join(folder, "result.json"),
        sarif=values["sarif-file"],
    )


def _known(revision: str, environ: Mapping[str, str]) -> bool:
    """Whether git has the revision here; a shallow clone often has not."""
    folder = environ.get("GITHUB_WORKSPACE") or "."
    asked = ["git", "rev-parse", "--quiet", "--verify", "--end-of-options", f"{revision}^{{commit}}"]
    clean = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
    return subprocess.run(asked, cwd=folder, env=clean, capture_output=True, check=False).returncode == 0


# --- the command --------------------------------------------------------------------------------------------


def _command(
    situation: Situation, values: Mapping[str, str], files: Files, environ: Mapping[str, str]
) -> tuple[int, bytes]:
    """Run it with its output captured, and say what it said. Returns its exit code, and its standard error."""
    verb = _VERBS.get(situation.mode, situation.mode)
    words = [sys.executable, "-I", "-m", "s2r_ci", verb, *_formats(situation.mode, values, files)]
    if situation.mode in _NETWORKED:
        words.append(f"--result={files.result}")
        if values["manifests-from"]:
            words.append(f"--manifests={values['manifests-from']}")
    if values["config"]:
        words.append(f"--config={values['config']}")
    done = subprocess.run(
        words,
        cwd=environ.get("GITHUB_WORKSPACE") or None,
        env=_environment(situation, values, environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if situation.mode == "audit":
        _keep(files.summary, fenced(done.stdout.decode("utf-8", "replace"), "text"))
    face = situation.mode in ("check", "write", "lint")  # printed by our own emitter
    for line in _lines(done.stdout):
        _say(line if face else _plain(line))
    for line in _lines(done.stderr):
        _say(_plain(line))
    return done.returncode if done.returncode >= 0 else 128 - done.returncode, done.stderr


def _last(said: bytes) -> str:
    """The last complaint of the command with its hint, so that it stands on the page of the run and not in its log
    alone.
    """
    lines = [printable(line) for line in _lines(said)]
    starts = [number for number, line in enumerate(lines) if line.startswith(_OURS)]
    if not starts:
        return ""
    hints = [line.strip() for line in lines[starts[-1] + 1 :] if line.startswith("  hint:")]
    return "\n".join([lines[starts[-1]].removeprefix(_OURS), *hints[:1]])


def _formats(mode: str, values: Mapping[str, str], files: Files) -> Iterator[str]:
    """The faces of a run: annotations in the log, the rest into files."""
    if mode == "audit":  # its inventory is text or JSON; the text goes to the log and into the summary
        yield f"--format=json={files.report}"
        return
    if mode not in _NETWORKED:
        yield "--format=github"
    if mode == "command":
        return
    yield f"--format=markdown={files.summary}"
    yield f"--format=json={files.report}"
    if files.sarif:
        yield f"--format=sarif={files.sarif}"
    for line in values["format"].splitlines():
        if "=" in line:
            yield f"--format={line.strip()}"


def _environment(situation: Situation, values: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The command's environment: settings, and secrets only where they may be used."""
    kept = {name: value for name, value in environ.items() if not name.startswith("S2R_") or name in _ours()}
    for each in INPUTS.values():
        kept.pop(each.variable, None)
        if each.name in KEYS and each.name != "format" and values[each.name]:
            kept[each.variable] = values[each.name]
    if situation.offline:
        kept["S2R_CONVERTER"] = "auto"  # without a secret nobody is asked; what the service wrote before is taken
        for name in ("S2R_API_ENDPOINT", "S2R_KEY_ID"):
            kept.pop(name, None)
    elif values["shared-secret"]:
        kept["S2R_SHARED_SECRET"] = values["shared-secret"]
    if situation.mode in _NETWORKED and values["token"]:
        kept["S2R_TOKEN"] = values["token"]
    return kept


def _ours() -> frozenset[str]:
    return frozenset(key.variable for key in KEYS.values())


# --- what is left behind ------------------------------------------------------------------------------------


def _published(
    code: int, situation: Situation, sentences: Sequence[str], files: Files, environ: Mapping[str, str]
) -> int:
    """Summary and outputs. What cannot be published does not hide a worse end."""
    report = _json(files.report)
    try:
        _leave(_outputs(code, report, _json(files.result), files), environ)
        pulls = pull_table(_json(files.result).get("pull_requests", []))
        write_summary(_summary(report, sentences, pulls, files, environ), environ)
    except S2rError as error:
        _say(command("error", str(error), title="s2r-ci"))
        return gravest(code, error.exit_code) if code in (0, 1, 3, 4, 5, 6, BUG) else code
    return code


def _commented(code: int, token: str, files: Files, environ: Mapping[str, str]) -> int:
    """Keep the comment on the pull request of this event; a token that may not comment is said, no more."""
    from s2r_ci.publish.comment import keep_comment
    from s2r_ci.publish.github_api import GitHub, GitHubError

    number = ((read_event(environ) or {}).get("pull_request") or {}).get("number")
    if not isinstance(number, int) or not token:
        return code
    try:
        base = environ.get("GITHUB_API_URL") or "https://api.github.com"
        keep_comment(GitHub(environ.get("GITHUB_REPOSITORY", ""), token, base=base), number, _text(files.summary))
    except GitHubError as error:
        _say(command("warning", f"the comment could not be written: {error.what}", title="s2r-ci"))
        return code if error.answered in (403, 404) else gravest(code, error.exit_code)
    return code


def _outputs(code: int, report: Mapping[str, Any], result: Mapping[str, Any], files: Files) -> dict[str, str]:
    tally = report.get("tally", {})
    verdicts = report.get("verdicts", [])
    pulls = [pull for pull in result.get("pull_requests", []) if pull["number"]]
    return {
        "outcome": str(report.get("outcome", "errored" if code else "passed")),
        "exit-code": str(code),
        "scripts": str(len(verdicts)),
        **{word: str(tally.get(word, 0)) for word in _OUTCOMES},
        "questions": str(sum(len(verdict["questions"]) for verdict in verdicts)),
        "findings": str(sum(len(verdict["findings"]) for verdict in verdicts) + len(report.get("findings", []))),
        "report-json": files.report if report else "",
        "sarif-file": files.sarif if files.sarif and os.path.isfile(files.sarif) else "",
        "pull-request-numbers": "\n".join(str(pull["number"]) for pull in pulls),
        "pull-request-urls": "\n".join(str(pull["url"]) for pull in pulls),
        "operation": str(result.get("operation", "")),
    }


def _summary(
    report: Mapping[str, Any], sentences: Sequence[str], pulls: str, files: Files, environ: Mapping[str, str]
) -> str:
    said = "".join(f"> {sentence}\n" for sentence in sentences)
    table = _text(files.summary)
    pairs = side_by_side(list(_pairs(report, environ.get("GITHUB_WORKSPACE") or ".")))
    pointer = "\nThe whole report is the file that the output `report-json` names.\n" if report else ""
    return f"{said}\n{pulls}{table}{pairs}{pointer}"


def _pairs(report: Mapping[str, Any], root: str) -> Iterator[Pair]:
    """Those that need a look, the worst first, and a few more so that it can be said how many are left."""
    verdicts = [verdict for verdict in report.get("verdicts", []) if verdict["outcome"] in _WORST_FIRST]
    verdicts.sort(key=lambda verdict: (_WORST_FIRST.index(verdict["outcome"]), verdict["path"]))
    for number, verdict in enumerate(verdicts):
        secret = any(finding["rule"].startswith("secret-") for finding in verdict["findings"])
        script = manifest = ""
        if secret:
            script = "(not shown: it holds what looks like a secret)"
        elif number < MOST_PAIRS:
            script = _text(os.path.join(root, verdict["path"]))
            manifest = _text(os.path.join(root, verdict["manifest"])) if verdict["manifest"] else ""
        yield Pair(path=verdict["path"], outcome=verdict["outcome"], script=script, manifest=manifest)


def _keep(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _leave(values: Mapping[str, str], environ: Mapping[str, str]) -> None:
    write_outputs(values, environ)


def _json(path: str) -> Mapping[str, Any]:
    try:
        with open(path, "rb") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(path: str) -> str:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return file.read(_LARGEST_SHOWN * 14).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _lines(data: bytes) -> Iterator[str]:
    yield from data.decode("utf-8", "backslashreplace").removesuffix("\n").split("\n") if data else ()


def _plain(line: str) -> str:
    return PREFIX + defused(printable(line))


def _say(line: str) -> None:
    print(line, flush=True)
