"""What a shell program runs, reads and writes by name, and starts in the background, for a person to look at.

Unlike the inventory this takes relative names too: redirections, the files of commands whose words say which is
which, and words of programs that look like files: what an option called ``--output`` names is written, what one
called ``--input`` names is read, of others nobody can say. It is no complete list.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from s2r_ci.patterns import lazy
from s2r_ci.slurm.grammar import node_text, parse, unquote
from s2r_ci.slurm.inventory import PATTERN_FIRST
from s2r_ci.slurm.launchers import words_of

if TYPE_CHECKING:
    from tree_sitter import Node

_WORD_END: Final = re.compile(rb"[^\s;|&()<>`]+")
_MOST_NODES: Final = 200_000
_TO_LAST: Final = frozenset(
    {"cp", "mv", "rsync", "ln", "scp", "install"}
)  # the last word is written, the others read
_WRITES: Final = frozenset({"mkdir", "touch", "tee", "rm", "truncate"})
_READS: Final = frozenset({"cat", "head", "tail", "source", ".", "md5sum", "sha256sum", "wc", "gunzip", "unzip"})


# A word that looks like a file: it has an ending that begins with a letter, or it begins like a path.
_FILE: Final = lazy(
    r"(?:\.{1,2}/|/|~/|\$\{?\w+\}?/)[^\s:,;=]+|"
    r"[\w./${}*?+-]*[\w}*?]\.[A-Za-z][A-Za-z0-9]{0,8}(?:\.(?:gz|bz2|xz|zst))?"
)
_NO_FILE: Final = lazy(r".*://.*|/dev/.*|[\w.-]+\.(?:com|org|edu|net|io|ai|de|uk)(?:[/:].*)?|v?\d+(?:\.\w+)*|-.*")
_OUTPUT: Final = lazy(
    r"-{1,2}(?:o|out\w*|\w*[-_]?out(?:put)?(?:[-_]\w+)?|save\w*(?:[-_]\w+)*|log(?:[-_]?(?:file|dir|path))?)"
)
_INPUT: Final = lazy(
    r"-{1,2}(?:i|in\w*|input(?:[-_]\w+)?|\w*[-_]?(?:config|conf|cfg)(?:[-_]?\w+)?|data\w*(?:[-_]\w+)*)"
)
_QUIET: Final = words_of(
    "echo printf module ml conda mamba pip pip3 export set unset cd pushd rmdir chmod chown ls test [ sed awk gawk "
    "grep egrep zgrep cut tr sort uniq find which type git curl wget docker podman sleep date basename dirname "
    "realpath readlink squeue scontrol sacct scancel sbatch sinfo ulimit alias eval exec trap let bc expr seq kill wait"
)
_SMALL: Final = (
    _QUIET - {"docker", "podman", "eval", "exec", "git", "curl", "wget", "sbatch"}
    | _TO_LAST
    | _WRITES
    | _READS
    | words_of(
        "hostname pwd true false : exit nvidia-smi rocm-smi lscpu free env id whoami uname read shift declare local "
        "return nohup hash tar gzip gzcat zcat less more paste diff df du mktemp sync shopt typeset readonly cmp "
        "getopts activate deactivate break continue umask yes tty stty clear logger mapfile readarray who uptime top "
        "ps pidstat getent"
    )
)
_HELD: Final = lazy(r"\$\{?[A-Za-z_]\w*\}?")
_CODE: Final = lazy(r".*\.(?:py|R|r|jl|pl|rb|sh|bash|m|js|lua|sif|simg|jar|exe|out)")


class Touched(NamedTuple):
    """One file: ``reads``, ``writes``, or ``names`` where that cannot be told."""

    line: int
    how: str
    name: str


class Ran(NamedTuple):
    """One command that is a program of its own, or runs in the background."""

    line: int
    command: str


class Program(NamedTuple):
    """What a person sees of a shell program."""

    files: tuple[Touched, ...]  # in order, and each once: those of which the commands say how
    named: tuple[Touched, ...]  # words of other programs that look like files
    behind: tuple[Ran, ...]  # in the background
    runs: tuple[Ran, ...]  # programs in the foreground, but for the small ones that every script calls


def touched(text: str) -> Program:
    """The files a program names, its background commands, and the programs it runs. Never raises."""
    source = text.encode("utf-8", "surrogateescape")
    tree = parse(source)
    if tree is None:
        return Program((), (), (), ())
    found: list[Touched] = []
    named: list[Touched] = []
    behind, runs = [], []
    for node in _nodes(tree.root_node):
        found += _files(node, source)
        if node.type == "command":
            named += _named(_name(node).rpartition("/")[2], _arguments(node))
        follower = node.next_sibling
        if follower is not None and follower.type == "&":
            behind.append(_ran(node))
        elif node.type == "command" and _name(node) and _name(node) not in _SMALL:
            runs.append(_ran(node))
    files = _once(found)
    known = {each.name for each in files}
    return Program(
        files, _once(each for each in named if each.name not in known), tuple(sorted(behind)), tuple(sorted(runs))
    )


def _once(found: Iterable[Touched]) -> tuple[Touched, ...]:
    files: dict[tuple[str, str], Touched] = {}
    for each in sorted(found):
        files.setdefault((each.how, each.name), each)
    return tuple(sorted(files.values()))


def _ran(node: "Node") -> Ran:
    return Ran(node.start_point[0] + 1, " ".join(node_text(node).replace("\\\n", " ").split()))


def _name(node: "Node") -> str:
    name = node.child_by_field_name("name")
    return node_text(name) if name is not None else ""


def _nodes(root: "Node") -> Iterator["Node"]:
    nodes, seen = [root], 0
    while nodes and seen < _MOST_NODES:
        node = nodes.pop()
        seen += 1
        yield node
        nodes.extend(node.children)


def _files(node: "Node", source: bytes) -> Iterator[Touched]:
    line = node.start_point[0] + 1
    if node.type == "file_redirect":
        target = node.child_by_field_name("destination")
        name = unquote(_whole(target, source)) if target is not None else ""
        sign = node_text(node)[: len(node_text(node)) - len(node_text(target))] if target is not None else ""
        if (
            name
            and not name.startswith(("<(", ">("))
            and "&" not in sign.strip("&>< ")
            and not name.isdigit()
            and not name.startswith(("/dev/", "&"))
        ):
            yield Touched(line, "reads" if "<" in sign else "writes", name)
    elif node.type == "command":
        words = [word for word, _ in _arguments(node) if word and not word.startswith("-")]
        yield from _of_command(_name(node).rpartition("/")[2], words, line)


def _whole(target: "Node", source: bytes) -> str:
    """The word a redirection goes to; the grammar tears ``$A/$B.txt`` into two."""
    rest = _WORD_END.match(source, target.end_byte)
    return node_text(target) + (rest[0].decode("utf-8", "surrogateescape") if rest else "")


def _named(command: str, words: list[tuple[str, int]]) -> Iterator[Touched]:
    """Words that look like files, by the option they belong to. The first one of an interpreter is the program."""
    if command in _QUIET or command in _TO_LAST or command in _WRITES or command in _READS:
        return
    before = ""
    for word, line in words:
        option, equals, value = word.partition("=") if word.startswith("-") else (before, "", word)
        before = word if word.startswith("-") and not equals else ""
        written = _OUTPUT.fullmatch(option) is not None
        # `--out runs/$X` is a file; `--data team/name` may be a hub's
        looks = _FILE.fullmatch(value) or (written and "/" in value)
        if option == "--" or not looks or _NO_FILE.fullmatch(value) or _CODE.fullmatch(value):
            continue
        how = "writes" if written else "reads" if _INPUT.fullmatch(option) else "names"
        yield Touched(line, how, value)


def _of_command(command: str, words: list[str], line: int) -> Iterator[Touched]:
    if command in _TO_LAST and len(words) > 1:
        yield from (Touched(line, "reads", word) for word in words[:-1])
        yield Touched(line, "writes", words[-1])
    elif command in _WRITES:
        yield from (Touched(line, "writes", word) for word in words)
    elif command in _READS:
        first = next((word for word in words if not word.isdigit()), "activate")
        if first not in ("activate", "deactivate"):  # `source activate NAME` is conda's
            yield Touched(line, "reads", first)
    elif command in PATTERN_FIRST:
        yield from (
            Touched(line, "reads", word) for word in words[1:] if _HELD.fullmatch(word) or _FILE.fullmatch(word)
        )


def _arguments(node: "Node") -> list[tuple[str, int]]:
    """The words behind the name, each with its line; those that the grammar tears (``$A/$B.c``) are put together."""
    words: list[tuple[str, int]] = []
    end = -1
    for child in node.children_by_field_name("argument"):
        text = unquote(node_text(child))
        if words and child.start_byte == end:
            words[-1] = (words[-1][0] + text, words[-1][1])
        else:
            words.append((text, child.start_point[0] + 1))
        end = child.end_byte
    return words
