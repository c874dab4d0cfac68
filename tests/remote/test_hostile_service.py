"""A service that holds the key and means harm: nothing that it says reaches a file unjudged (C-04 to C-08, Y, P)."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from s2r_ci.envelope import Envelope
from s2r_ci.runai.document import read_document
from s2r_ci.signing import response_signature
from tests.remote.conftest import Ended, Run
from tools import standin_service as standin
from tools.standin_service import Fault, StandIn

Change = Callable[[str], str]


def by_rules(root: Path) -> bool:
    """Whether every manifest on disk is by rules and says that it was not verified."""
    files = sorted(root.glob("*.runai.yaml"))
    documents = [read_document(path.read_bytes()) for path in files]
    return len(files) == 3 and all(
        document is not None
        and document.stamp.converter == "rules"
        and "not-verified" in {finding.rule.id for finding in document.notes.findings}
        for document in documents
    )


def reason(ended: Ended) -> str:
    """What the run says of the first script that was not verified."""
    return next(line for line in ended.out.splitlines() if "warning[not-verified]" in line)


# --- the answer around the manifest --------------------------------------------------------------------------

SHAPES: list[object] = [
    pytest.param(standin.says(None), "no JSON object", id="C-04 null"),
    pytest.param(standin.says([]), "no JSON object", id="C-04 list"),
    pytest.param(standin.says({}), "no manifest", id="C-04 empty object"),
    pytest.param(standin.says(b"", status=204), "none of our service", id="C-04 204"),
    pytest.param(standin.says(b'{"s2r": 1, "s2r": 1}'), "no JSON", id="a name twice"),
    pytest.param(standin.says(b'{"s2r": NaN}'), "no JSON", id="NaN"),
    pytest.param(standin.says(b"[" * 100_000), "no JSON", id="deep"),
    pytest.param(standin.says(b"\xff\xfe"), "no JSON", id="not UTF-8"),
    pytest.param(standin.conversion_with(runai_config=None), "no manifest", id="C-04 manifest null"),
    pytest.param(standin.conversion_with(runai_config=7), "no manifest", id="C-04 manifest a number"),
    pytest.param(standin.conversion_with(runai_config=" "), "no manifest", id="C-04 manifest blank"),
    pytest.param(standin.conversion_with(error="x"), "none of this version", id="C-04 an error member"),
    pytest.param(standin.conversion_with(s2r=2), "none of this version", id="another version"),
    pytest.param(standin.conversion_with(script_sha256="0" * 64), "another script", id="C-07 another file"),
    pytest.param(standin.conversion_with(script_sha256=None), "another script", id="C-07 no digest"),
    pytest.param(standin.conversion_with(usage={"input_tokens": -1}), "no counts", id="usage below zero"),
    pytest.param(standin.conversion_with(usage={"input_tokens": True}), "no counts", id="usage a truth"),
    pytest.param(standin.conversion_with(warnings="x"), "no list of texts", id="warnings no list"),
    pytest.param(standin.conversion_with(model="a\nb"), "no short text", id="model with a line feed"),
    pytest.param(standin.conversion_with(session_id="x" * 500), "no short text", id="session without end"),
    pytest.param(standin.says({"s2r": 1, "runai_config": "kind: Job"}, signed=False), "not signed", id="C-08 missing"),
    pytest.param(
        standin.says({"type": "urn:s2r-ci:problem:no-such"}, status=503, kind="application/problem+json"),
        "none of our service", id="C-05 a problem that nobody knows",
    ),
    pytest.param(
        standin.says({"type": 7, "detail": ["x"]}, status=400, kind="application/problem+json"),
        "none of our service", id="C-05 a problem of the wrong type",
    ),
    pytest.param(
        standin.says(
            {"type": "urn:s2r-ci:problem:internal", "detail": "\x1b[31m::error::" + "x" * 100_000, "title": "\x9b"},
            status=500, kind="application/problem+json",
        ),
        "unforeseen", id="C-05 a long detail with a terminal's words",
    ),
    pytest.param(
        standin.says(
            {"type": "urn:s2r-ci:problem:internal", "request_id": "\x1b]0;x\x07::error::", "status": "x"},
            status=500, kind="application/problem+json",
        ),
        "unforeseen", id="C-05 a request id with a terminal's words",
    ),
    pytest.param(
        standin.says({"type": "urn:s2r-ci:problem:internal"}, status=200, kind="application/problem+json"),
        "no manifest", id="a problem that calls itself a success",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "said"), SHAPES)
def test_an_answer_of_another_shape_is_no_answer(run: Run, repository: Path, fault: Fault, said: str) -> None:
    with StandIn(always=fault) as service:
        ended = run(service, "write", "--in-flight", "1")
    assert ended.code == 3
    assert said in reason(ended)
    assert by_rules(repository)
    assert not {"\x1b", "\x9b", "\x07"} & set(ended.out + ended.err)
    assert "::error::" not in ended.out


def test_an_answer_with_the_signature_of_another_is_no_answer(run: Run, repository: Path) -> None:
    """C-08: a cache or a proxy that swaps two answers."""
    kept: list[tuple[dict[str, str], bytes]] = []

    def swapped(handler: standin.Handler, envelope: Envelope | None) -> bool:
        assert envelope is not None
        reply = handler.standin._convert(envelope)
        mac = handler.headers.get("X-S2R-Signature", "")
        signature = response_signature(standin.SECRET, mac, reply.status, reply.body)
        kept.append(({"X-S2R-Response-Signature": signature, "Content-Length": str(len(reply.body))}, reply.body))
        handler.raw(200, kept[0][0], kept[0][1])
        return True

    with StandIn(always=swapped) as service:
        ended = run(service, "write", "--in-flight", "1")
    assert ended.code == 3
    assert "2 NOT verified" in ended.out
    assert "not signed" in ended.out


# --- the manifest: YAML that readers take differently ----------------------------------------------------------


def after(line: str) -> Change:
    return lambda text: f"{text}{line}\n"


def before(line: str) -> Change:
    return lambda text: f"{line}\n{text}"


def instead(text: str | bytes) -> Change:
    return lambda _: text if isinstance(text, str) else text.decode("latin-1")


def swap(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, 1)

    return change


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + last] * 9)}]\n" for last, name in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML: list[object] = [
    pytest.param(before(BOMB.rstrip()), id="Y-01 alias bomb"),
    pytest.param(before("x: &x {y: *x}"), id="Y-02 anchor in itself"),
    pytest.param(swap("spec:", "base: &b {image: evil.example/x}\nspec:\n  <<: *b"), id="Y-03 merge key"),
    pytest.param(after("kind: Job"), id="Y-04 a key twice"),
    pytest.param(after('"ki\\u006ed": Job'), id="Y-04 a key twice, once escaped"),
    pytest.param(after("---\napiVersion: rbac.example/v1\nkind: ClusterRoleBinding"), id="Y-05 second document"),
    pytest.param(before("%TAG ! tag:yaml.org,2002:\n---"), id="Y-06 %TAG"),
    pytest.param(swap("kind: Job", "kind: !!python/object/apply:os.system [id]"), id="Y-07 python tag"),
    pytest.param(swap("kind: Job", "kind: !!binary Sm9i"), id="Y-08 binary"),
    pytest.param(after("? [a, b]\n: c"), id="Y-09 complex key"),
    pytest.param(after("on: push"), id="Y-09 a key that is a truth"),
    pytest.param(after("12: x"), id="Y-09 a key that is a number"),
    pytest.param(after("x: " + "9" * 4301), id="Y-16 4,301 digits"),
    pytest.param(after("x: " + "[" * 5000), id="Y-17 depth"),
    pytest.param(after("x: " + " " * 150_000), id="Y-18 spaces"),
    pytest.param(after("x: a\x00b"), id="Y-19 NUL"),
    pytest.param(after("x: a\x1b[31mb"), id="Y-19 ESC"),
    pytest.param(after("x: a\u2028b"), id="Y-19 U+2028"),
    pytest.param(after("x: a\u0085b"), id="Y-19 U+0085"),
    pytest.param(after("x: \ud800"), id="Y-19 half a surrogate"),
    pytest.param(after("x: a\ufeffb"), id="Y-20 BOM in the middle"),
    pytest.param(after("x:\n\t- y"), id="Y-21 tab"),
    pytest.param(lambda text: text.replace("\n", "\r"), id="Y-21 CR"),
    pytest.param(after("? x\n: y"), id="Y-23 explicit key"),
    pytest.param(after("x: {image: x, image: y}"), id="Y-24 flow, a key twice"),
    pytest.param(after("k\u00a0: x"), id="Y-25 key with NBSP"),
    pytest.param(lambda text: f"```yaml\n{text}```\n", id="Y-26 fence"),
    pytest.param(before("Here is your manifest:"), id="Y-26 prose"),
    pytest.param(instead("# only a comment\n"), id="Y-27 comments"),
    pytest.param(instead("{"), id="no YAML"),
]  # fmt: skip


@pytest.mark.parametrize("change", YAML)
def test_yaml_that_readers_take_differently_is_refused(run: Run, repository: Path, change: Change) -> None:
    with StandIn(manifest=lambda envelope, text: change(text)) as service:
        ended = run(service, "write")
    files = list(repository.glob("*.runai.yaml"))
    assert (ended.code == 3 and by_rules(repository)) or (ended.code in (1, 4) and not files), ended
    assert not {"\x1b", "\u2028", "\u0085"} & set(ended.out)


# --- the manifest: wishes that no script of this kind has ------------------------------------------------------

CONTAINER = "      containers:\n      - name: main\n"
PRIVILEGED = "        securityContext:\n          privileged: true\n"
INIT = "      initContainers:\n      - name: x\n        image: evil.example/x\n"
POLICY: list[object] = [
    pytest.param(swap(CONTAINER, CONTAINER + PRIVILEGED), id="P-05 privileged"),
    pytest.param(swap(CONTAINER, "      hostNetwork: true\n" + CONTAINER), id="P-06 hostNetwork"),
    pytest.param(swap(CONTAINER, "      hostPID: true\n" + CONTAINER), id="P-06 hostPID"),
    pytest.param(
        swap("      volumes:\n", "      volumes:\n      - name: host\n        hostPath:\n          path: /\n"),
        id="P-11 hostPath"
    ),
    pytest.param(swap(CONTAINER, "      serviceAccountName: admin\n" + CONTAINER), id="P-14 service account"),
    pytest.param(swap(CONTAINER, INIT + CONTAINER), id="P-15 init container"),
    pytest.param(swap("registry.example.com/ml/train:1.0", "evil.example/x:1"), id="P-20 another image"),
    pytest.param(swap("metadata:\n", "metadata:\n  namespace: kube-system\n"), id="P-03 kube-system"),
    pytest.param(swap("metadata:\n", "metadata:\n  annotations:\n    evil.example/x: 'y'\n"), id="P-18 annotation"),
]  # fmt: skip


@pytest.mark.parametrize("change", POLICY)
def test_a_forbidden_wish_is_refused_and_no_file_is_written(run: Run, repository: Path, change: Change) -> None:
    """F-10."""
    with StandIn(manifest=lambda envelope, text: change(text)) as service:
        ended = run(service, "write")
    assert ended.code == 4, ended.out
    assert not list(repository.glob("*.runai.yaml"))


BETRAYED: list[object] = [
    pytest.param(swap("nvidia.com/gpu: '2'", "nvidia.com/gpu: '8'"), "gpu-count-changed", id="P-30 more GPUs"),
    pytest.param(swap("memory: 32Gi", "memory: 1Ti"), "memory-changed", id="P-32 more memory"),
    pytest.param(swap("Seconds: 43200", "Seconds: 86400"), "time-limit", id="P-33 more time"),
    pytest.param(swap("--epochs", "--steal"), "command-changed", id="P-24 another command"),
    pytest.param(swap("backoffLimit: 0", "backoffLimit: 9"), "retry-changed", id="P-39 more tries"),
    pytest.param(swap("kind: Job", "kind: CronJob"), "manifest-invalid", id="P-01 another kind"),
    pytest.param(swap("name: train-", "name: other-"), "name-changed", id="P-04 another name"),
    pytest.param(
        swap("metadata:\n", "metadata:\n  annotations:\n    s2r-ci/decisions: '{\"image\":\"evil.example/x\"}'\n"),
        "decision-refused", id="a decision that is nobody's to make",
    ),
    pytest.param(
        swap("metadata:\n", "metadata:\n  annotations:\n    s2r-ci/decisions: '{\"changes\":[[99,\":\"]]}'\n"),
        "decision-refused", id="a line that the script does not have",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "rule"), BETRAYED)
def test_a_broken_promise_is_told_and_no_file_is_written(
    run: Run, repository: Path, change: Change, rule: str
) -> None:
    with StandIn(manifest=lambda envelope, text: change(text.replace('"', "'"))) as service:
        ended = run(service, "write")
    assert ended.code in (1, 4), ended.out
    assert rule in ended.out
    assert not list(repository.glob("*.runai.yaml"))


def test_another_spelling_of_the_same_manifest_is_taken_in_our_own(run: Run, repository: Path) -> None:
    """Comments, order and quotes of the service never reach a file: the writer is ours."""

    def spelled(envelope: Envelope, text: str) -> str:
        import yaml

        return "# evil comment: # finding: note\n" + json.dumps(yaml.safe_load(text))

    with StandIn(manifest=spelled) as service:
        ended = run(service, "write")
    assert ended.code == 0
    texts = [path.read_text() for path in sorted(repository.glob("*.runai.yaml"))]
    assert len(texts) == 3
    assert not any("evil" in text for text in texts)


def test_remarks_are_notes_and_nothing_else(run: Run, repository: Path) -> None:
    said = ["look\n::error::here\x1b[31m", *("x" for _ in range(100))]
    with StandIn(
        always=standin.conversion_with(warnings=said, questions=["image: which?", "other: why?"])
    ) as service:
        ended = run(service, "write", "--format", "github", "--verbose")
    assert ended.code == 0
    assert not [line for line in ended.out.splitlines() if line.startswith("::error")]
    assert "\x1b" not in ended.out
    document = read_document((repository / "job0.sh.runai.yaml").read_bytes())
    assert document is not None
    assert len([f for f in document.notes.findings if f.rule.id == "service-says"]) == 20
