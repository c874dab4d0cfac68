"""The floors: a room imports from floors below its own, never from its own floor, never from above."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"s2r_ci", "s2r_hooks", "s2r_service"}
FLOORS: list[set[str]] = [
    {"s2r_ci.frozen"},  # what a value is made with
    {"s2r_ci.model"},
    {"s2r_ci.errors", "s2r_ci.patterns", "s2r_ci.rules"},
    {"s2r_ci.called", "s2r_ci.secrets"},  # the languages look for them
    {
        "s2r_ci.parallel",
        "s2r_ci.plugins",
        "s2r_ci.problems",
        "s2r_ci.runai",
        "s2r_ci.settings",
        "s2r_ci.signing",
        "s2r_ci.slurm",
        "s2r_ci.wire",
        "s2r_ci.wishes",
    },
    {"s2r_ci.envelope"},  # holds settings and travels
    {"s2r_ci.remote"},
    {
        "s2r_ci.convert",
        "s2r_ci.discover",
        "s2r_ci.lint",
        "s2r_ci.render",
        "s2r_ci.standing",
        "s2r_ci.validate",
        "s2r_ci.verify",
    },
    {"s2r_ci.judging", "s2r_ci.own_answers"},
    {"s2r_ci.walked"},
    {"s2r_ci.beside"},
    {"s2r_ci.audit", "s2r_ci.pipeline", "s2r_ci.publish"},
    {"s2r_ci.across", "s2r_ci.asking", "s2r_ci.baseline", "s2r_ci.unused"},
    {"s2r_ci.repository"},
    {"s2r_ci.session"},
    {"s2r_ci.api", "s2r_ci.cli", "s2r_ci.single"},
    {"s2r_ci", "s2r_ci.__main__", "s2r_ci.action", "s2r_hooks", "s2r_service"},
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
VERSION = "s2r_ci.__version__"  # a literal that every floor may read
MODULES = {
    ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__"): path
    for base in (ROOT, ROOT / "hooks", ROOT / "lambda")
    for top in sorted(OURS)
    for path in sorted((base / top).rglob("*.py"))
}

# Third-party names, and the one place that may say each.
HOMES = {
    "yaml": {"s2r_ci.runai.yaml", "s2r_ci.validate.custom"},
    "jsonschema": {"s2r_ci.validate"},
    "jsonschema_rs": {"s2r_ci.validate"},
    "tree_sitter": {"s2r_ci.slurm"},
    "tree_sitter_bash": {"s2r_ci.slurm"},
    "requests": {"s2r_ci.remote.transport", "s2r_ci.publish.github_api"},
    "boto3": {
        "s2r_service.assembly",
        "s2r_service.model.bedrock",
        "s2r_service.model.lifecycle",
        "s2r_service.store",
    },
    "botocore": {
        "s2r_service.assembly",
        "s2r_service.model.bedrock",
        "s2r_service.model.lifecycle",
        "s2r_service.store",
    },
    "fastapi": {"s2r_service.app"},
    "starlette": {"s2r_service.app"},
    "uvicorn": {"s2r_service.__main__"},
}
LONGEST_FILE = 350
LONGEST_FUNCTION = 60
TABLES = {"s2r_ci.rules"}  # files that are one long table may be longer


def room_of(module: str) -> str:
    names = module.split(".")
    for count in (2, 1):
        room = ".".join(names[:count])
        if room in FLOOR_OF and (room != "s2r_ci" or module == "s2r_ci"):
            return room
    raise AssertionError(f"{module} belongs to no room: give it a floor in this test, and in CONTRIBUTING.md")


def imports(path: Path) -> set[str]:
    """Every import of ours in a file, the lazy ones and those for the type checker too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in full if name != VERSION}
    return {name for name in found if name.split(".")[0] in OURS}


def foreign(path: Path) -> set[str]:
    """The top names of every import in a file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


@pytest.mark.parametrize("module", MODULES)
def test_imports_only_downwards(module: str) -> None:
    here = room_of(module)
    for name in sorted(imports(MODULES[module])):
        there = room_of(name)
        assert there == here or FLOOR_OF[there] < FLOOR_OF[here], f"{module} may not import {name}"


@pytest.mark.parametrize("module", MODULES)
def test_third_party_names_appear_in_one_place_each(module: str) -> None:
    for name in sorted(foreign(MODULES[module]) & set(HOMES)):
        at_home = any(module == home or module.startswith(f"{home}.") for home in HOMES[name])
        assert at_home, f"{module} may not import {name}: that belongs to {', '.join(sorted(HOMES[name]))}"


@pytest.mark.parametrize("module", MODULES)
def test_files_and_functions_stay_short(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    lines = len(text.splitlines())
    assert lines <= LONGEST_FILE or module in TABLES, f"{module} has {lines} lines, more than {LONGEST_FILE}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{module}.{node.name} has {length} lines"


@pytest.mark.parametrize("module", sorted(TABLES))
def test_a_table_holds_entries_and_nothing_that_decides(module: str) -> None:
    for node in ast.parse(MODULES[module].read_text(encoding="utf-8")).body:
        short = (node.end_lineno or node.lineno) - node.lineno < 5
        known = (ast.Assign, ast.AnnAssign, ast.Expr, ast.Import, ast.ImportFrom)
        assert isinstance(node, known) or (isinstance(node, ast.FunctionDef) and short)


def test_the_test_sees_the_modules() -> None:
    assert {"s2r_ci", "s2r_ci.model", "s2r_ci.settings.tree", "s2r_ci.cli"} <= set(MODULES)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        pytest.param("s2r_ci.errors", "s2r_ci.settings.tree", id="upwards"),
        pytest.param("s2r_ci.runai.yaml", "s2r_ci.slurm.job", id="sideways"),
        pytest.param("s2r_ci.model", "s2r_ci", id="the package itself"),
    ],
)
def test_a_wrong_import_would_be_seen(module: str, name: str) -> None:
    here, there = room_of(module), room_of(name)
    assert there != here
    assert FLOOR_OF[there] >= FLOOR_OF[here]


def test_no_file_is_called_utils() -> None:
    assert not [
        name for name in MODULES if name.rpartition(".")[2] in {"utils", "util", "helpers", "common", "misc"}
    ]
