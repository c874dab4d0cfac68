"""What is looked at quickly must never hide what a careful look would find."""

from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.model import Script
from s2r_ci.slurm import inventory, plain
from s2r_ci.slurm.body import read_body
from s2r_ci.slurm.grammar import has_ampersands, kinds, parse, unquote
from s2r_ci.slurm.shell import _HANDLERS

LETTERS = "ab/ ~.-=:,$\"'\\{}()\n\té"
WORDS = (
    "/x",
    "-I/y",
    "$HOME/z",
    "~/a",
    "a/b",
    "./c",
    "--o=/d",
    "$A",
    "${B}",
    "x:/y",
    "-n",
    "4",
    "w,/e",
    "HOME",
    "a/",
)
JOINTS = (" && ", "&&", " & ", "&", ";", "\n", " 2>&1\n", " >&2 ", " &> f\n", " | ", "; wait\n", "&\n")


@given(st.text(LETTERS, max_size=30) | st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join))
@settings(max_examples=500, deadline=None)
def test_a_text_that_may_hold_no_path_holds_none(text: str) -> None:
    if not plain.may_hold_path(text):
        assert not inventory.host_paths(unquote(text))
        assert not inventory.host_paths(unquote(text), mount=True)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join).map("x ".__add__))
@settings(max_examples=500, deadline=None)
def test_an_ordinary_command_is_a_plain_one_without_paths(text: str) -> None:
    if plain.ORDINARY.fullmatch(text) and "HOME" not in text:
        words = plain.command(text, 0)
        assert words is not None
        assert not [path for word in words.values for path in inventory.host_paths(word)]


@given(
    st.lists(st.tuples(st.sampled_from(("a", "b c", "[ -f x ]")), st.sampled_from(JOINTS)), min_size=1, max_size=6)
)
@settings(max_examples=500, deadline=None)
def test_an_ampersand_that_stands_alone_is_seen(parts: list[tuple[str, str]]) -> None:
    source = "".join(word + joint for word, joint in parts).encode()
    tree = parse(source)
    assert tree is not None
    nodes, alone = [tree.root_node], False
    while nodes:
        node = nodes.pop()
        alone = alone or node.type == "&"
        nodes.extend(node.children)
    assert not alone or tree.root_node.has_error or has_ampersands(source)


def test_every_kind_of_node_that_is_visited_is_one_of_the_grammar() -> None:
    assert set(kinds(_HANDLERS).values()) == set(_HANDLERS)


@given(
    st.lists(
        st.sampled_from((" ", "", "#SBATCH --gres=gpu:1", "# nvidia-smi", "nvidia-smi", "a --gpus 2")), max_size=6
    )
)
@settings(max_examples=200, deadline=None)
def test_a_gpu_counts_wherever_no_comment_is(lines: list[str]) -> None:
    body, *_ = read_body(Script(path="x", data="\n".join(["#!/bin/bash", *lines]).encode()))
    assert body.uses_gpu == any(line in ("nvidia-smi", "a --gpus 2") for line in lines)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.sampled_from((" ", "  ", "\t")))
@settings(max_examples=300, deadline=None)
def test_words_counted_off_begin_where_all_words_do(words: list[str], blank: str) -> None:
    text = f"x{blank}" + blank.join(words)
    one, all_of_them = (plain.Words(text.split(), text.split(), None, text, 7, paths=False) for _ in range(2))
    starts = [all_of_them.start(at) for at in range(len(words), -1, -1)][::-1]  # the last one finds all
    assert [one.start(at) for at in range(len(words) + 1)] == starts
    assert [text[start - 7 :].split()[0] for start in starts] == text.split()
