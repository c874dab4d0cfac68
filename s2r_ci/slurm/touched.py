"""What a shell program runs, reads and writes by name, and starts in the background, for a person to look at.

Unlike the inventory this takes relative names too: redirections, and the files of commands whose words say which
is which. It is no complete list.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from s2r_ci.patterns import lazy
from s2r_ci.slurm.grammar import node_text, parse, unquote

if TYPE_CHECKING:
    from tree_sitter import Node

_PROGRAM: Final = lazy(
    r"(?:python|pypy|perl|ruby|lua|php|tclsh)[\d.]*|R|Rscript|julia|octave(?:-cli)?|matlab|java|node|dotnet|mono|"
    r"make|snakemake|nextflow|cromwell|parallel|\.{0,2}/.+"
)
_MOST_NODES: Final = 200_000
_TO_LAST: Final = frozenset(
    {"cp", "mv", "rsync", "ln", "scp", "install"}
)  # the last word is written, the others read
_WRITES: Final = frozenset({"mkdir", "touch", "tee", "rm", "truncate"})
_READS: Final = frozenset({"cat", "head", "tail", "source", ".", "md5sum", "sha256sum", "wc", "gunzip", "unzip"})


class Touched(NamedTuple):
    """One file: ``reads`` or ``writes``."""

    line: int
    how: str
    name: str


class Ran(NamedTuple):
    """One command that is a program of its own, or runs in the background."""

    line: int
    command: str


class Program(NamedTuple):
    """What a person sees of a shell program."""

    files: tuple[Touched, ...]  # in order, and each once
    behind: tuple[Ran, ...]  # in the background
    runs: tuple[Ran, ...]  # interpreters and programs with a path, in the foreground


def touched(text: str) -> Program:
    """The files a program names, its background commands, and the programs it runs. Never raises."""
    tree = parse(text.encode("utf-8", "surrogateescape"))
    if tree is None:
        return Program((), (), ())
    found: list[Touched] = []
    behind, runs = [], []
    for node in _nodes(tree.root_node):
        found += _files(node)
        follower = node.next_sibling
        if follower is not None and follower.type == "&":
            behind.append(_ran(node))
        elif node.type == "command" and _PROGRAM.fullmatch(_name(node)):
            runs.append(_ran(node))
    files: dict[tuple[str, str], Touched] = {}
    for each in sorted(found):
        files.setdefault((each.how, each.name), each)
    return Program(tuple(sorted(files.values())), tuple(sorted(behind)), tuple(sorted(runs)))


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


def _files(node: "Node") -> Iterator[Touched]:
    line = node.start_point[0] + 1
    if node.type == "file_redirect":
        target = node.child_by_field_name("destination")
        name = unquote(node_text(target)) if target is not None else ""
        sign = node_text(node)[: len(node_text(node)) - len(node_text(target))] if target is not None else ""
        if name and "&" not in sign.strip("&>< ") and not name.isdigit() and not name.startswith(("/dev/", "&")):
            yield Touched(line, "reads" if "<" in sign else "writes", name)
    elif node.type == "command":
        yield from _of_command(_name(node).rpartition("/")[2], _words(node), line)


def _of_command(command: str, words: list[str], line: int) -> Iterator[Touched]:
    if command in _TO_LAST and len(words) > 1:
        yield from (Touched(line, "reads", word) for word in words[:-1])
        yield Touched(line, "writes", words[-1])
    elif command in _WRITES:
        yield from (Touched(line, "writes", word) for word in words)
    elif command in _READS:
        yield from (Touched(line, "reads", word) for word in [word for word in words if not word.isdigit()][:1])


def _words(node: "Node") -> list[str]:
    words = [unquote(node_text(child)) for child in node.children_by_field_name("argument")]
    return [word for word in words if word and not word.startswith("-")]
