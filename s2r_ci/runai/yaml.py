"""YAML, read as Kubernetes reads it and written so that no reader can misread it.

No Python loader resolves scalars as the Kubernetes API server does: ``y`` is true there, ``010`` is 8, ``1e3`` is
1000, ``12:30`` is a string. So this module takes PyYAML's C event stream and builds the values itself, which also
gives it the line of every node, and refuses what only some readers understand: aliases, tags, merge keys,
duplicate keys, a second document. Nothing here recurses over what it reads. ``yaml_text`` writes; ``yaml_lines``
reads what looks like written by it in about half the time.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from s2r_ci.errors import MalformedReplyError
from s2r_ci.model import Manifest
from s2r_ci.patterns import lazy
from s2r_ci.runai.yaml_lines import read_lines
from s2r_ci.runai.yaml_scalars import resolve
from s2r_ci.runai.yaml_text import LARGEST_FILE, MOST_DEPTH, MOST_NODES, Path, write_yaml

__all__ = ["read_by_events", "read_yaml", "resolve", "write_yaml"]


_FORBIDDEN: Final = lazy(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_KEY: Final = lazy(r"[!-~](?:[ -~]{0,510}[!-~])?")  # every key Kubernetes knows is ASCII

_BLOCKS: Final = frozenset("|>")

_HINT: Final = "put the line right, or let `s2r-scan write --overwrite` write the manifest anew"


def read_yaml(data: bytes, *, where: str = "") -> Manifest:
    """The one Kubernetes object in a text, with the line of every node.

    :raises MalformedReplyError: it is not UTF-8, too large, or not the plain YAML (or JSON) that all readers
        understand alike. ``where`` names the text in the error; the line follows it.
    """
    text = _text(data, where)
    return read_lines(text) or read_by_events(text, where)


def _is_simple(text: str) -> bool:
    """Printable ASCII, blanks and line ends: most texts, answered in a fifth of the pattern's time."""
    return text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()


def read_by_events(text: str, where: str = "") -> Manifest:
    """The full reader: any YAML, event by event. It alone refuses; ``read_lines`` hands over what it does not know.

    :raises MalformedReplyError: as ``read_yaml``; the text has passed its check for characters already.
    """
    builder = _Builder(where)
    _drive(builder, text, where)
    if any(not builder.is_in_block(at) for at in _question_marks(text)):
        _refuse_explicit_keys(text, where)
    return Manifest(body=builder.root, lines=builder.lines)


def _text(data: bytes, where: str) -> str:
    if len(data) > LARGEST_FILE:
        raise _error(f"the text has {len(data):,} octets, the limit is {LARGEST_FILE:,}", where, 1)
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _error("the text is not UTF-8", where, line, "save the file as UTF-8") from None
    if not _is_simple(text) and (found := _FORBIDDEN.search(text)):
        line = text.count("\n", 0, found.start()) + 1
        hint = "convert the line ends to LF" if found[0] == "\r" else "delete it, or write it as an escape"
        raise _error(f"the text holds the character U+{ord(found[0]):04X}", where, line, hint)
    return text


def _drive(builder: "_Builder", text: str, where: str) -> None:
    """Feed the parser's events to the builder; every trouble of the parser becomes ours."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    handlers: dict[type, Callable[[Any], None]] = {
        yaml.DocumentStartEvent: builder.document,
        yaml.ScalarEvent: builder.scalar,
        yaml.MappingStartEvent: builder.mapping,
        yaml.SequenceStartEvent: builder.sequence,
        yaml.MappingEndEvent: builder.end,
        yaml.SequenceEndEvent: builder.end,
        yaml.AliasEvent: builder.alias,
        yaml.StreamEndEvent: builder.finish,
    }
    try:
        for event in iter(loader(text).get_event, None):  # yaml.parse does the same in twice the time
            if handler := handlers.get(type(event)):
                handler(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join((error.problem or str(error)).split())
        raise _error(f"this is not YAML: {what}", where, mark.line + 1 if mark else 1) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        what = " ".join(str(error).split())
        raise _error(f"this is not YAML: {what[:200]}", where, 1) from None


class _Frame:
    """A mapping or sequence that is being filled. ``key`` waits for its value; ``child`` is the key's path."""

    __slots__ = ("child", "key", "path", "value")

    def __init__(self, value: Any, path: Path) -> None:
        self.value = value
        self.path = path
        self.key: str | None = None
        self.child: Path = path


class _Builder:
    """Takes parser events and builds one value; its open collections are a list, so that depth costs no stack."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.root: Any = None
        self.lines: dict[Path, int] = {}
        self._open: list[_Frame] = []
        self._blocks: list[tuple[int, int]] = []  # where literal and folded texts lie
        self._nodes = 0
        self._documents = 0

    def document(self, event: Any) -> None:
        """A document starts: the first and only one, without directives."""
        self._documents += 1
        if self._documents > 1:
            raise self._refused(event, "a second document starts here", "keep one object a file")
        if event.version or event.tags:
            raise self._refused(event, "a % directive changes how the text is read", "delete the line")

    def alias(self, event: Any) -> None:
        """An alias copies another node, which nobody sees."""
        raise self._refused(event, f"*{event.anchor} is an alias", "write the value out")

    def mapping(self, event: Any) -> None:
        """A mapping starts."""
        self._start({}, event)

    def sequence(self, event: Any) -> None:
        """A sequence starts."""
        self._start([], event)

    def end(self, _event: Any) -> None:
        """A collection is complete."""
        self._open.pop()

    def scalar(self, event: Any) -> None:
        """A scalar is a key, or a value of the collection that is open."""
        self._check(event)
        text = event.value
        if event.style in _BLOCKS:
            self._blocks.append((event.start_mark.index, event.end_mark.index))
        if not text.isascii():
            text.encode()  # a lone surrogate from an escape: UnicodeEncodeError is a ValueError
        value = self._resolved(text, event) if event.implicit[0] else text
        frame = self._open[-1] if self._open else None
        if frame is not None and frame.key is None and type(frame.value) is dict:
            self._key(frame, value, event)
        else:
            self._place(value, event)

    def is_in_block(self, index: int) -> bool:
        """Does this character belong to a literal or folded text?"""
        return any(start < index < end for start, end in self._blocks)

    def finish(self, event: Any) -> None:
        """The text is at its end: there must have been one mapping."""
        if not self._documents:
            raise self._refused(event, "the text holds no document")
        if type(self.root) is not dict:
            raise self._refused(event, "the text is not a mapping, so it is no manifest")

    def _check(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise self._refused(event, f"there are more than {MOST_NODES:,} nodes")
        if event.anchor is not None:
            raise self._refused(event, f"&{event.anchor} is an anchor", "delete it, and write the value out")
        if event.tag is not None:
            raise self._refused(event, f"{event.tag} is a tag", "delete it, and put a string in quotes")

    def _start(self, value: Any, event: Any) -> None:
        self._check(event)
        if self._open and self._open[-1].key is None and type(self._open[-1].value) is dict:
            raise self._refused(event, "a mapping or sequence is used as a key")
        if len(self._open) >= MOST_DEPTH:
            raise self._refused(event, f"the nesting is deeper than {MOST_DEPTH}")
        self._open.append(_Frame(value, self._place(value, event)))

    def _key(self, frame: _Frame, key: Any, event: Any) -> None:
        if type(key) is not str:
            why = f"the key {event.value!r} is not a string to Kubernetes"
            raise self._refused(event, why, "put the key in quotes")
        if key in frame.value:
            raise self._refused(event, f"the key {key!r} stands twice in one mapping", "delete one of them")
        if key == "<<" or not _KEY.fullmatch(key):
            shown = ascii(key[:80])
            raise self._refused(event, f"{shown} cannot be a key: keys are printable ASCII, without blanks around")
        frame.key = key
        frame.child = path = (*frame.path, key)
        self.lines[path] = event.start_mark.line + 1

    def _place(self, value: Any, event: Any) -> Path:
        """Put a value where it belongs. Returns its path."""
        if not self._open:
            self.root = value
            self.lines[()] = event.start_mark.line + 1
            return ()
        frame = self._open[-1]
        if frame.key is not None:
            frame.value[frame.key] = value
            frame.key = None
            return frame.child
        path = (*frame.path, len(frame.value))
        frame.value.append(value)
        self.lines[path] = event.start_mark.line + 1
        return path

    def _resolved(self, text: str, event: Any) -> Any:
        try:
            return resolve(text)
        except ValueError as error:
            raise self._refused(event, str(error), "put it in quotes if it is a string") from None

    def _refused(self, event: Any, what: str, hint: str = _HINT) -> MalformedReplyError:
        return _error(what, self.where, event.start_mark.line + 1, hint)


def _question_marks(text: str) -> Iterator[int]:
    """Where a ``?`` stands that could make an explicit key, were it not part of a text."""
    at = text.find("?")
    while at >= 0:
        if at == 0 or text[at - 1] in " \t\n,[{":
            yield at
        at = text.find("?", at + 1)


def _refuse_explicit_keys(text: str, where: str) -> None:
    """``? key`` reads like a mapping entry and is a key of its own; only the scanner's tokens tell it."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    at = None
    for token in yaml.scan(text, Loader=loader):
        if at is not None and token.start_mark.index != at.index:
            raise _error("`?` makes an explicit key", where, at.line + 1, "write `key: value`")
        is_key = isinstance(token, yaml.KeyToken)
        at = token.start_mark if is_key and text[token.start_mark.index] == "?" else None


def _error(what: str, where: str, line: int, hint: str = _HINT) -> MalformedReplyError:
    return MalformedReplyError(what, where=f"{where}:{line}" if where else f"line {line}", hint=hint)
