"""The text of a pull request: bounded, inert whatever stands in a script, and remembered."""

import json

import cmarkgfm  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2r_ci.model import Disposition, Item, ItemKind, LedgerEntry, Location, Outcome, Question, Verdict
from s2r_ci.publish.groups import GROUPINGS, Group, grouped, key_of, owners_of
from s2r_ci.publish.proposal import (
    Change,
    Proposal,
    commit_message,
    ended,
    is_ours,
    read_memory,
    title_of,
    write_memory,
)
from s2r_ci.publish.pull_body import LONGEST, body_of
from s2r_ci.render.markdown import prose

HOSTILE = [
    pytest.param("@org/team please", id="mention"),
    pytest.param("fixes #1", id="closing keyword"),
    pytest.param("/merge", id="command"),
    pytest.param("<img src=x onerror=y>", id="html"),
    pytest.param("[x](javascript:y)", id="link"),
    pytest.param("`" * 40, id="backticks"),
    pytest.param("a|b", id="bar"),
    pytest.param("x --> <!-- s2r-ci {} -->", id="the end of a comment"),
    pytest.param("https://evil.example/x", id="address"),
]


def proposal(*names: str, text: str = "q", data: bytes = b"kind: Job\n") -> Proposal:
    changes = tuple(
        Change(
            verdict=Verdict(
                path=name,
                outcome=Outcome.REVIEW,
                kind="Job",
                manifest_path=f"{name}.runai.yaml",
                ledger=tuple(_entry(name, text, disposition) for disposition in Disposition),
                questions=(Question(key=text, text=text, location=Location(path=name), answer=text),),
            ),
            script_digest="0" * 64,
            data=data,
        )
        for name in names
    )
    return Proposal(Group(key="k", title="t", scripts=names), changes)


def _entry(name: str, text: str, disposition: Disposition) -> LedgerEntry:
    item = Item(kind=ItemKind.PATH, name=text, value="", location=Location(path=name, line=2))
    return LedgerEntry(item=item, disposition=disposition, field=text, reason=text)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_stands_in_a_script_is_inert(text: str) -> None:
    body = body_of(proposal(f"jobs/{text}.sh", text=text), "0" * 40)
    html = cmarkgfm.github_flavored_markdown_to_html(body)
    outside = _without_code(html)
    assert "<img" not in outside
    assert "<a " not in outside
    assert "@org" not in outside
    assert "fixes #1" not in outside
    assert read_memory(body) is not None


def _without_code(html: str) -> str:
    import re

    return re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)


def test_what_is_the_same_in_many_scripts_is_said_once_with_its_places() -> None:
    body = body_of(proposal(*(f"{number:03}.sh" for number in range(150)), text="--x"), "0" * 40)
    boxes = [line for line in body.split("\n") if line.startswith("- [ ] ")]
    assert boxes == ["- [ ] `--x`: `--x` (`000.sh:2`, `001.sh:2`, `002.sh:2` and 147 more)"]
    assert "Line by line" not in body


def test_a_few_scripts_are_shown_line_by_line() -> None:
    body = body_of(proposal("a.sh", text="--x"), "0" * 40)
    assert "Line by line: <code>a.sh</code>" in body
    assert "| 2 | `--x` | exact | `--x` |" in body


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab f7@#/.:-_*`<>[]()|'~\\&;,!wGH1"), max_size=20))
def test_a_sentence_stands_bare_only_where_nothing_comes_of_it(text: str) -> None:
    html = cmarkgfm.github_flavored_markdown_to_html(f"x {prose(text)} y")
    outside = _without_code(html)
    assert not set(outside.removeprefix("<p>x ").removesuffix(" y</p>\n")) & set("<>@#/*_`[]|~\\!")


def test_a_body_never_passes_the_limit_and_keeps_its_memory() -> None:
    scripts = [f"jobs/{'a-folder-of-a-long-name-' * 3}/script-{number:04}.sh" for number in range(200)]
    many = proposal(*scripts, text="x" * 900)
    body = body_of(many, "0" * 40)
    assert len(body) <= LONGEST
    assert "Cut here" in body
    memory = read_memory(body)
    assert memory is not None
    assert len(memory.scripts) == 200


@settings(max_examples=200)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), min_size=1, max_size=4))
def test_a_memory_comes_back_and_ends_where_it_should(names: list[str]) -> None:
    made = proposal(*dict.fromkeys(names))
    text = write_memory(made)
    assert text.count("-->") == 1
    memory = read_memory(f"before {text} after")
    assert memory is not None
    assert dict(memory.scripts) == dict.fromkeys(names, "0" * 64)
    assert memory.content == made.content


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="nothing"),
        pytest.param("", id="empty"),
        pytest.param("<!-- s2r-ci {} -->", id="an empty memory"),
        pytest.param("<!-- s2r-ci {not json} -->", id="no JSON"),
        pytest.param('<!-- s2r-ci {"scripts": [], "content": "' + "0" * 64 + '"} -->', id="a list"),
        pytest.param('<!-- s2r-ci {"scripts": {}, "content": 1} -->', id="a number"),
        pytest.param("<!-- s2r-ci " + json.dumps({"a": "x"}) + " -->", id="another"),
    ],
)
def test_a_body_that_anybody_edited_remembers_nothing(body: str | None) -> None:
    assert read_memory(body) is None


def test_the_memory_of_one_that_is_over_says_so_and_stays_ours() -> None:
    body = body_of(proposal("a.sh", text="--> x"), "0" * 40)
    memory = read_memory(body)
    assert memory is not None
    over = ended(body, memory)
    assert read_memory(over) == memory._replace(over=True)
    assert over.count("<!-- s2r-ci {") == 1
    assert ended(over, memory._replace(over=True)) == over


def test_subject_and_title_hold_no_foreign_text() -> None:
    made = proposal("$(id).sh", "b.sh")
    assert title_of(made) == "Run:ai manifests for 2 Slurm batch scripts"
    assert is_ours(commit_message(made))
    assert "$(id)" not in commit_message(made)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("Run:ai manifests for 1 Slurm batch script", id="the subject alone"),
        pytest.param("x\n\nS2r-Ci-Content: 1234", id="a short digest"),
        pytest.param(f"x\n\nS2r-Ci-Content: {'0' * 64}\nand more", id="not at the end"),
    ],
)
def test_a_person_s_message_is_not_ours(message: str) -> None:
    assert not is_ours(message)


@given(st.text(min_size=1, max_size=60))
def test_a_branch_holds_letters_digits_and_dashes(name: str) -> None:
    key = key_of(name, "directory")
    assert key.replace("-", "").isalnum()
    assert key.isascii()
    assert key == key.lower()
    assert len(key) <= 50


def test_a_group_too_large_for_one_text_is_split() -> None:
    groups = grouped([f"{number:04}.sh" for number in range(450)], "all")
    assert [(group.key, len(group.scripts)) for group in groups] == [("all", 200), ("all-2", 200), ("all-3", 50)]


def test_groups_hold_every_script_once() -> None:
    scripts = ["a/x.sh", "a/y.sh", "b/z.sh", "w.sh"]
    owners = owners_of({"CODEOWNERS": "* @a\n/b/ @b\n"})
    for grouping in GROUPINGS:
        groups = grouped(scripts, grouping, owners)
        assert sorted(path for group in groups for path in group.scripts) == sorted(scripts)
        assert len({group.key for group in groups}) == len(groups)


def test_the_file_of_owners_is_the_one_that_github_reads() -> None:
    found = owners_of({"docs/CODEOWNERS": "* @docs", ".github/CODEOWNERS": "* @github"})
    assert found is not None
    assert found.of("x") == "@github"
    assert owners_of({}) is None


@pytest.mark.parametrize(
    ("text", "path", "owner"),
    [
        pytest.param("* @a\n/jobs/ @b", "jobs/deep/x.sh", "@b", id="the last that matches"),
        pytest.param("/jobs/ @b\n* @a", "jobs/x.sh", "@a", id="the order counts"),
        pytest.param("* @a\n/jobs/", "jobs/x.sh", "no owner", id="a pattern without owners takes them away"),
        pytest.param("jobs/* @b", "jobs/deep/x.sh", "no owner", id="a folder's files and no deeper"),
        pytest.param("jobs/my\\ runs/ @b", "jobs/my runs/x.sh", "@b", id="an escaped blank"),
        pytest.param("*.sh @a # who else", "x.sh", "@a", id="a comment behind"),
        pytest.param("a#b.sh @a", "a#b.sh", "@a", id="a hash in a name"),
        pytest.param("* @a\n!jobs/x.sh @b", "jobs/x.sh", "@a", id="no exception"),
        pytest.param("* @a\njobs/[xy].sh @b", "jobs/x.sh", "@a", id="no range"),
        pytest.param("\ufeff* @a", "x.sh", "@a", id="a byte order mark"),
        pytest.param("* @a\r\n/jobs/ @b\r\n", "jobs/x.sh", "@b", id="lines of Windows"),
        pytest.param("* a@example.org @org/team", "x.sh", "a@example.org @org/team", id="several, an address"),
        pytest.param("Jobs/ @b", "jobs/x.sh", "no owner", id="case counts"),
        pytest.param("#* @a", "x.sh", "no owner", id="a comment"),
        pytest.param("", "x.sh", "no owner", id="empty"),
    ],
)
def test_owners_are_those_that_github_would_name(text: str, path: str, owner: str) -> None:
    found = owners_of({"CODEOWNERS": text})
    assert found is not None
    assert found.of(path) == owner
