"""Texts that no manifest may be: the strict reader's cases Y-01 to Y-30, each in several spellings.

Each is a good manifest with one thing done to its text, so that nothing but that thing speaks against it.
"""

from collections.abc import Iterator
from functools import cache
from typing import Final

from benchmarks.judge.corpus import Good, good
from s2r_ci.runai.yaml import write_yaml

_IMAGE: Final = "image: registry.example.com/team/x:1.2"
_LEVELS: Final = "".join(f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 10))
_WORDS: Final = {
    "Y-10": ("NO", "y", "off", "Yes", "true", "~", "null", ""),
    "Y-11": ("12:30:00", "90:00", "1:2:3:4"),
    "Y-12": ("010", "0o10", "0x10", "0b1", "1_000", "+7"),
    "Y-13": ("1e3", "1.0e3", ".inf", ".NaN", "-.Inf"),
    "Y-14": ("1.10", "12e4567", "0e123"),
    "Y-15": ("2026-11-28", "2026-11-28T12:00:00Z"),
    "Y-16": ("9" * 4300, "9" * 4301, f"1{'0' * 308}.5", str(2**53 + 1), str(2**63)),
    "Y-29": ("=", "<<", "!", "!!", "@x", "`x`", "%x"),
    "Y-30": ("1" + ":59" * 50_000,),
}
"""Plain scalars, each in the place of a promised text: it is another value, or none that all readers agree on."""


@cache
def subject() -> Good:
    """The manifest to which it is done."""
    return next(one for one in good() if one.name == "own/held answered")


def cases() -> Iterator[tuple[str, str, bytes]]:
    """Id, what is done, and the text."""
    text = write_yaml(subject().body)
    for id, words in _WORDS.items():
        for word in words:
            yield id, f"{word[:20]} ({len(word)})", text.replace('value: "7"', f"value: {word}").encode()
    yield from ((id, name, data) for id, name, data in _nodes(text))
    for id, name, new in [*_documents(text), *_keys(text), *_depths(text)]:
        yield id, name, new.encode("utf-8", "surrogatepass")
    for id, name, data in _octets(text):
        yield id, name, data


def _nodes(text: str) -> Iterator[tuple[str, str, bytes]]:
    yield "Y-01", "alias bomb", f"l0: &l0 [x]\nbomb:\n{_LEVELS}{text}".encode()
    yield "Y-01", "one alias", text.replace('value: "7"', "value: &a b").replace("name: RUN", "name: *a").encode()
    yield "Y-02", "an anchor that holds itself", f"x: &x [*x]\n{text}".encode()
    yield (
        "Y-03",
        "a merge key over the image",
        text.replace(_IMAGE, f"{_IMAGE}\n        <<: {{image: evil}}").encode(),
    )
    yield "Y-06", "a tag directive", f"%TAG ! tag:evil.example,2026:\n---\n{text}".encode()
    yield "Y-06", "a version directive", f"%YAML 1.1\n---\n{text}".encode()
    tags = ("!!python/object/apply:os.system", "!!binary", "!!set", "!!omap", "!evil", "!!str", "!!int", "!<tag:x>")
    for tag in tags:
        yield "Y-07" if "python" in tag else "Y-08", tag, text.replace('value: "7"', f'value: {tag} "7"').encode()


def _documents(text: str) -> Iterator[tuple[str, str, str]]:
    yield "Y-05", "a second document", f"{text}---\napiVersion: v1\nkind: ClusterRoleBinding\n"
    yield "Y-05", "an empty second document", f"{text}---\n"
    yield "Y-05", "behind the end", f"{text}...\n---\nkind: Job\n"
    yield "Y-26", "fenced", f"```yaml\n{text}```\n"
    yield "Y-26", "prose before", f"Here is the manifest:\n{text}"
    yield "Y-26", "prose after", f"{text}\nI hope this helps!\n"
    yield "Y-26", "two blocks", f"```\n{text}```\n```\n{text}```\n"
    for name, whole in {"empty": "", "blank": " \n", "comments": "# x\n", "a word": "x", "a list": "- x\n", "null": "null\n"}.items():  # fmt: skip
        yield "Y-27", name, whole


def _keys(text: str) -> Iterator[tuple[str, str, str]]:
    for name, key in {"plain": "image", "quoted": '"image"', "single": "'image'", "escaped": '"im\\u0061ge"', "hex": '"im\\x61ge"'}.items():  # fmt: skip
        yield (
            "Y-04",
            f"image said twice, {name}",
            text.replace(_IMAGE, f"{_IMAGE}\n        {key}: evil.example/x:1"),
        )
    yield "Y-04", "spec said twice", f"{text}spec: {{}}\n"
    for key in ("[a]", "{a: b}", "on", "1", "null", "~", "1.5", "true", "2026-11-28", "? [a]"):
        yield "Y-09", f"the key {key}", f"{key}: x\n{text}"
    yield "Y-23", "an explicit key", text.replace(_IMAGE, "? image\n        : registry.example.com/team/x:1.2")
    yield "Y-23", "an explicit key in flow style", text.replace("suspend: true", "suspend: true\n  x: {? y : z}")
    yield "Y-24", "said twice in flow style", text.replace(_IMAGE, f"{_IMAGE}\n        securityContext: {{runAsUser: 5, runAsUser: 0}}")  # fmt: skip
    yield "Y-24", "flow style without an end", text.replace(_IMAGE, "image: {x: [y}")
    for name, key in {"a blank": '"image "', "NBSP": '"image\N{NO-BREAK SPACE}"', "zero width": '"image\N{ZERO WIDTH SPACE}"', "combining": '"imag\u0065\u0301"'}.items():  # fmt: skip
        yield "Y-25", f"a key with {name}", text.replace(_IMAGE, f"{_IMAGE}\n        {key}: evil")
    yield "Y-28", "JSON that says a key twice", '{"kind": "Job", "kind": "Pod"}'
    yield "Y-22", "an indentation indicator that hides a key", text.replace(_IMAGE, "image: |1\n         x\n        hostPID: true")  # fmt: skip
    yield "Y-22", "a literal text for the image", text.replace(_IMAGE, "image: |-\n          evil.example/x:1")


def _depths(text: str) -> Iterator[tuple[str, str, str]]:
    for depth in (50, 500, 5000):
        yield "Y-17", f"{depth} brackets", f"x: {'[' * depth}{']' * depth}\n{text}"
        yield "Y-17", f"{depth} braces", f"x: {'{a: ' * depth}{'}' * depth}\n{text}"
    yield "Y-17", "indented 200 times", "".join(f"{' ' * n}a:\n" for n in range(200)) + text
    yield "Y-18", "blanks without end", text + " " * 300_000
    yield "Y-18", "comments without end", "# x\n" * 100_000 + text
    yield "Y-18", "many small nodes", f"x: [{'1,' * 30_000}1]\n{text}"


def _octets(text: str) -> Iterator[tuple[str, str, bytes]]:
    data = text.encode()
    marks = {
        "NUL": b"\0",
        "DEL": b"\x7f",
        "ESC": b"\x1b",
        "C1": "\x84".encode(),
        "NEL": "\x85".encode(),
        "LS": "\u2028".encode(),
    }
    for name, mark in marks.items():
        yield "Y-19", name, data.replace(b'value: "7"', b'value: "7' + mark + b'"')
    for name, escape in {
        "half a pair": "\\ud800",
        "NUL": "\\0",
        "tag": "\\U000e0041",
        "bidi": "\\u202e",
        "BEL": "\\a",
    }.items():
        yield "Y-19", f"{name}, escaped", data.replace(b'value: "7"', f'value: "7{escape}"'.encode())
    yield "Y-20", "UTF-16", text.encode("utf-16")
    yield "Y-20", "UTF-16 without a mark", text.encode("utf-16-le")
    yield "Y-20", "UTF-32", text.encode("utf-32")
    yield "Y-20", "UTF-7", ("+/v8-" + text).encode()
    yield "Y-20", "no UTF-8", data + b"# \xff\xfe\n"
    yield "Y-20", "overlong", data + b"# \xc0\xaf\n"
    yield "Y-20", "BOM in the middle", data.replace(b"spec:", b"\xef\xbb\xbfspec:", 1)
    yield "Y-21", "tabs", data.replace(b"  name:", b"\tname:", 1)
    yield "Y-21", "CR alone", data.replace(b"\n", b"\r")
    yield "Y-21", "CR in a text", data.replace(b'value: "7"', b'value: "7\r"')
