"""Settings: four layers, per folder, per script; errors that say what, where and how."""

import os
import pickle
from pathlib import Path

import pytest

from s2r_ci.errors import ConfigurationError
from s2r_ci.model import Level, Service, Volume
from s2r_ci.settings import Settings, SettingsTree, resolve

Environ = dict[str, str]


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def tree(root: Path, files: dict[str, str] | None = None, **arguments: object) -> SettingsTree:
    return resolve(write(root, files or {}), arguments, {})


def refusal(root: Path, text: str, name: str = "s2r-ci.toml") -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        tree(root, {name: text}).for_script("jobs/a.sh").target_for("jobs/a.sh")
    return caught.value


# --- layers ------------------------------------------------------------------------------------------------


def test_without_any_source_the_defaults_hold(tmp_path: Path) -> None:
    assert tree(tmp_path).settings == Settings()


@pytest.mark.parametrize(
    ("files", "environ", "arguments", "expected"),
    [
        pytest.param({}, {}, {}, "", id="default"),
        pytest.param({"s2r-ci.toml": 'image = "file:1"'}, {}, {}, "file:1", id="own file"),
        pytest.param({"pyproject.toml": '[tool.s2r-ci]\nimage = "py:1"'}, {}, {}, "py:1", id="pyproject"),
        pytest.param({"s2r-ci.toml": 'image = "file:1"'}, {"S2R_IMAGE": "env:1"}, {}, "env:1", id="environment"),
        pytest.param({}, {"S2R_IMAGE": "env:1"}, {"image": "arg:1"}, "arg:1", id="argument"),
        pytest.param({}, {"S2R_IMAGE": "env:1"}, {"image": None}, "env:1", id="argument not given"),
        pytest.param({"s2r-ci.toml": 'image = "file:1"'}, {"S2R_IMAGE": ""}, {}, "file:1", id="empty variable"),
    ],
)
def test_the_later_layer_wins(
    tmp_path: Path, files: dict[str, str], environ: Environ, arguments: dict[str, object], expected: str
) -> None:
    assert resolve(write(tmp_path, files), arguments, environ).settings.image == expected


@pytest.mark.parametrize(
    ("name", "text", "field", "expected"),
    [
        pytest.param("S2R_JOBS", " 3 ", "jobs", 3, id="number"),
        pytest.param("S2R_FAIL_ON", "note", "fail_on", Level.NOTE, id="level"),
        pytest.param("S2R_ALLOW_MISSING", "true", "allow_missing", True, id="switch on"),
        pytest.param("S2R_QUIET", "0", "quiet", False, id="switch off"),
        pytest.param("S2R_VERBOSE", "true", "verbose", 1, id="count as switch"),
        pytest.param("S2R_VERBOSE", "2", "verbose", 2, id="count"),
        pytest.param("S2R_EXCLUDE", "a, b\n\n  c*\n", "exclude", ("a, b", "c*"), id="one entry a line"),
        pytest.param("S2R_RUNAI_RELEASE", "3.0", "runai_release", "3.0", id="choice"),
    ],
)
def test_the_environment_is_read_by_kind(
    tmp_path: Path, name: str, text: str, field: str, expected: object
) -> None:
    assert getattr(resolve(tmp_path, {}, {name: text}).settings, field) == expected


def test_arguments_may_be_named_as_fields_or_as_settings(tmp_path: Path) -> None:
    assert tree(tmp_path, fail_on="warning").settings.fail_on is Level.WARNING
    assert resolve(tmp_path, {"fail-on": "warning", "jobs": "2"}, {}).settings.jobs == 2


def test_a_pyproject_of_someone_else_is_not_even_parsed(tmp_path: Path) -> None:
    assert tree(tmp_path, {"pyproject.toml": "this is [not TOML"}).settings == Settings()


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    (tmp_path / "s2r-ci.toml").write_bytes(b'\xef\xbb\xbfjobs = 2\r\nimage = "a:1"\r\n')
    assert resolve(tmp_path, {}, {}).settings.jobs == 2


def test_foreign_variables_with_our_prefix_are_left_alone(tmp_path: Path) -> None:
    environ = {"S2R_SHARED_SECRET": "x", "S2R_TOKEN": "y", "S2R_TABLE_NAME": "z", "PATH": "/bin"}
    assert resolve(tmp_path, {}, environ).settings == Settings()


# --- the file that is named ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "by", [pytest.param("argument", id="--config"), pytest.param("environment", id="S2R_CONFIG")]
)
def test_a_named_file_replaces_the_one_at_the_root(tmp_path: Path, by: str) -> None:
    write(tmp_path, {"s2r-ci.toml": "jobs = 1\nquiet = true", "ci/s2r.toml": "jobs = 2"})
    named = str(tmp_path / "ci/s2r.toml")
    arguments, environ = ({"config": named}, {}) if by == "argument" else ({}, {"S2R_CONFIG": named})
    settings = resolve(tmp_path, arguments, environ).settings
    assert (settings.jobs, settings.quiet) == (2, False)


def test_relative_things_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    text = 'baseline = "base.json"\npaths = ["jobs"]\nformat = ["text", "json=out.json"]\nexclude = ["old/**", "*.bak"]'
    write(tmp_path, {"ci/s2r.toml": text, "s2r-ci.toml": text})
    named = resolve(tmp_path, {"config": str(tmp_path / "ci/s2r.toml")}, {}).settings
    assert named.baseline == str(tmp_path / "ci/base.json")
    assert named.paths == (str(tmp_path / "ci/jobs"),)
    assert named.format == ("text", f"json={tmp_path / 'ci/out.json'}")
    assert named.exclude == ("ci/old/**", "ci/**/*.bak")
    found = resolve(tmp_path, {}, {}).settings
    assert found.baseline == str(tmp_path / "base.json")
    assert found.exclude == ("old/**", "*.bak")


def test_the_named_file_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such settings file"):
        resolve(tmp_path, {"config": str(tmp_path / "nowhere.toml")}, {})
    write(tmp_path, {"pyproject.toml": "[project]\n"})
    with pytest.raises(ConfigurationError, match=r"no table \[tool\.s2r-ci\]"):
        resolve(tmp_path, {"config": str(tmp_path / "pyproject.toml")}, {})


# --- folders and answers ------------------------------------------------------------------------------------

MONOREPO = {
    "s2r-ci.toml": """
image = "root:1"
memory = "8G"
fail-on = "warning"
site.partitions = { gpu = "pool-a", cpu = "pool-c" }
[[answers]]
scripts = "vision/**"
image = "answer:1"
gpus = 2
""",
    "vision/s2r-ci.toml": 'memory = "16G"\nsite.partitions.gpu = "pool-b"',
    "vision/deep/pyproject.toml": '[tool.s2r-ci]\nimage = "deep:1"\n[[tool.s2r-ci.answers]]\nscripts = "*.R"\ngpus = 4',
}


@pytest.mark.parametrize(
    ("path", "image", "memory_mib", "pool", "gpus"),
    [
        pytest.param("a.sh", "root:1", 8192, "pool-a", None, id="root"),
        pytest.param("other/a.sh", "root:1", 8192, "pool-a", None, id="folder without a file"),
        pytest.param("vision/a.sh", "answer:1", 16384, "pool-b", 2, id="answer of the root, key of the folder"),
        pytest.param("vision/x/y/a.sh", "answer:1", 16384, "pool-b", 2, id="two folders further down"),
        pytest.param(
            "vision/deep/a.sh", "deep:1", 16384, "pool-b", 2, id="the nearer file beats the answer above it"
        ),
        pytest.param("vision/deep/b/m.R", "deep:1", 16384, "pool-b", 4, id="the nearer answer"),
        pytest.param("../a.sh", "root:1", 8192, "pool-a", None, id="outside the root"),
        pytest.param("/tmp/vision/a.sh", "root:1", 8192, "pool-a", None, id="absolute"),
    ],
)
def test_the_nearest_settings_win_key_by_key(
    tmp_path: Path, path: str, image: str, memory_mib: int, pool: str, gpus: int | None
) -> None:
    target = tree(tmp_path, MONOREPO).for_script(path).target_for(path)
    assert (
        target.image or target.default_image,
        target.memory_mib,
        target.site.partitions["gpu"],
        target.gpus,
    ) == (
        image,
        memory_mib,
        (pool,),
        gpus,
    )
    assert target.site.partitions["cpu"] == ("pool-c",)


def test_environment_and_arguments_beat_folders_and_answers(tmp_path: Path) -> None:
    write(tmp_path, MONOREPO)
    settings = resolve(tmp_path, {"image": "arg:1"}, {"S2R_MEMORY": "1G"}).for_script("vision/deep/m.R")
    target = settings.target_for("vision/deep/m.R")
    assert (target.image or target.default_image, target.memory_mib, target.gpus) == ("arg:1", 1024, 4)


def test_equal_settings_are_one_object_and_equal_answers_one_target(tmp_path: Path) -> None:
    text = """
[[answers]]
scripts = "a/**"
image = "x:1"
[[answers]]
scripts = "b/**"
image = "x:1"
"""
    found = tree(tmp_path, {"s2r-ci.toml": text})
    settings = found.for_script("a/1.sh")
    assert settings is found.for_script("b/c/2.sh")
    assert settings.target_for("a/1.sh") is settings.target_for("b/c/2.sh")
    assert settings.target_for("c.sh") is not settings.target_for("a/1.sh")


def test_later_answers_win_and_variables_add_up(tmp_path: Path) -> None:
    text = """
[[answers]]
scripts = ["*.sh"]
variables = { A = "1", B = "1" }
arguments = ["--first"]
[[answers]]
scripts = "jobs/run-?.sh"
variables = { B = "2" }
arguments = ["--second", "with blank"]
memory = "512M"
working-directory = "/work"
"""
    settings = tree(tmp_path, {"s2r-ci.toml": text}).settings
    target = settings.target_for("jobs/run-1.sh")
    assert target.variables == {"A": "1", "B": "2"}
    assert target.arguments == ("--second", "with blank")
    assert (target.memory_mib, target.working_directory) == (512, "/work")
    assert settings.target_for("jobs/deep/run-1.sh").variables == {"A": "1", "B": "1"}


def test_what_is_accepted_adds_up(tmp_path: Path) -> None:
    text = """
accepted = ["steps"]
[[answers]]
scripts = "*.sh"
accepted = ["submits", "volume./archive"]
[[answers]]
scripts = "b.*"
accepted = ["service", "steps"]
"""
    settings = tree(tmp_path, {"s2r-ci.toml": text}).settings
    assert settings.target_for("a.py").accepted == ("steps",)
    assert settings.target_for("a.sh").accepted == ("steps", "submits", "volume./archive")
    assert settings.target_for("b.sh").accepted == ("service", "steps", "submits", "volume./archive")


def test_folders_with_glob_letters_in_their_names_count_as_themselves(tmp_path: Path) -> None:
    write(tmp_path, {"a[b]/s2r-ci.toml": '[[answers]]\nscripts = "*.sh"\nimage = "x:1"'})
    found = resolve(tmp_path, {}, {})
    assert found.for_script("a[b]/1.sh").target_for("a[b]/1.sh").image == "x:1"
    assert found.for_script("ab/1.sh").target_for("ab/1.sh").image == ""


def test_the_site_map_becomes_the_model(tmp_path: Path) -> None:
    text = """
[site]
partitions = { gpu = "a", long = ["a", "b"] }
qos = { urgent = { priority = "very-high" } }
gpus = { A100 = { "nvidia.com/gpu.product" = "A100" } }
[site.volumes]
"/data" = "data"
"/sets" = { claim = "sets", mount-path = "/s", sub-path = "x/y", read-only = true }
"""
    site = tree(tmp_path, {"s2r-ci.toml": text}).settings.site
    assert site.partitions == {"gpu": ("a",), "long": ("a", "b")}
    assert site.qos == {"urgent": Service(priority="very-high")}
    assert site.gpus == {"a100": {"nvidia.com/gpu.product": "A100"}}
    assert site.volumes["/data"] == Volume(claim="data")
    assert site.volumes["/sets"] == Volume(claim="sets", mount_path="/s", sub_path="x/y", read_only=True)


def test_settings_travel_to_another_process(tmp_path: Path) -> None:
    settings = tree(tmp_path, MONOREPO).for_script("vision/a.sh")
    before = settings.target_for("vision/a.sh")
    assert pickle.loads(pickle.dumps(settings)).target_for("vision/a.sh") == before


@pytest.mark.parametrize(
    ("pattern", "script", "manifest"),
    [
        pytest.param("{name}.runai.yaml", "a/b.sh", "a/b.sh.runai.yaml", id="beside"),
        pytest.param("{name}.runai.yaml", "b.sh", "b.sh.runai.yaml", id="beside, at the root"),
        pytest.param("runai/{name}.yaml", "a/b.sh", "a/runai/b.sh.yaml", id="in a folder beside"),
        pytest.param("runai/{path}.yaml", "a/b.sh", "runai/a/b.sh.yaml", id="in a tree of their own"),
        pytest.param("{name}.yaml", "a/{name}.sh", "a/{name}.sh.yaml", id="braces in the script's name"),
    ],
)
def test_the_manifest_pattern_says_where_a_manifest_lies(
    tmp_path: Path, pattern: str, script: str, manifest: str
) -> None:
    assert tree(tmp_path, manifest_pattern=pattern).settings.manifest_path(script) == manifest


# --- what is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "says", "hint"),
    [
        pytest.param(
            '\nfial-on = "error"', ":2", "unknown setting fial-on", "did you mean fail-on?", id="misspelt"
        ),
        pytest.param('fail_on = "error"', ":1", "unknown setting fail_on", "fail-on", id="underscore"),
        pytest.param(
            "zzz = 1", ":1", "unknown setting zzz", "known here: accepted, allow-missing,", id="nothing near"
        ),
        pytest.param("[site.volume]", ":1", "site.volume", "volumes", id="unknown table"),
        pytest.param(
            "[[answers]]\nscript = 1", ":2", "answers[1].script", "scripts", id="unknown key of an answer"
        ),
        pytest.param(
            "runai-release = 2.25", ":1", "one of 2.24, 2.25, 2.26, 3.0", '"2.25"', id="release as number"
        ),
        pytest.param('fail-on = "severe"', ":1", "note, warning, error, not 'severe'", "", id="wrong word"),
        pytest.param("jobs = true", ":1", "a whole number from 0 to 1,024, not true", "", id="switch for number"),
        pytest.param("max-files = 0", ":1", "from 1 to", "", id="zero"),
        pytest.param('quiet = "yes"', ":1", "true or false, not 'yes'", "", id="text for switch"),
        pytest.param('exclude = "a"', ":1", "a list of texts", "['a']", id="lone text for list"),
        pytest.param('include = ["a", 3]', ":1", "include[2]", "", id="number in a list"),
        pytest.param('memory = "64"', ":1", "its unit, such as 32G, not '64'", "", id="memory without unit"),
        pytest.param("memory = 64", ":1", "its unit", '"64"', id="memory as number"),
        pytest.param('image = "a b"', ":1", "a container image", "", id="blank in image"),
        pytest.param('namespace = "A"', ":1", "lower-case", "", id="capital in a name"),
        pytest.param('working-directory = "here"', ":1", "an absolute path", "", id="relative folder"),
        pytest.param('manifest-pattern = "x.yaml"', ":1", "{name} or {path}", "", id="pattern without name"),
        pytest.param('manifest-pattern = "{name}"', ":1", "{name} or {path}", "", id="pattern that is the script"),
        pytest.param('manifest-pattern = "../{name}.y"', ":1", "{name} or {path}", "", id="pattern that climbs"),
        pytest.param('target = "helm"', ":1", "one of kubernetes", "", id="unknown target"),
        pytest.param(
            'converter = "bedrock"', ":1", "auto or rules or service", "reserved", id="reserved converter"
        ),
        pytest.param('converter = "magic"', ":1", "one of auto, rules, service", "", id="unknown converter"),
        pytest.param('token = "x"', ":1", "token is a secret", "S2R_TOKEN", id="secret"),
        pytest.param('shared-secret = "x"', ":1", "is a secret", "S2R_SHARED_SECRET", id="other secret"),
        pytest.param(
            "tool.s2r-ci.jobs = 1", "s2r-ci.toml", "unknown setting tool", "without [tool.s2r-ci]", id="tool"
        ),
        pytest.param("jobs = 1\nimage = ", ":2", "not TOML", "toml.io", id="syntax"),
        pytest.param('image = "a', ":1", "not TOML", "toml.io", id="syntax at the end"),
        pytest.param("answers = 1", ":1", "a list of tables", "[[answers]]", id="answers as number"),
        pytest.param('[[answers]]\nimage = "a"', ":1", "the key scripts", "jobs/**", id="answer without scripts"),
        pytest.param("[[answers]]\nscripts = []", ":2", "at least one glob", "", id="answer for nothing"),
        pytest.param('[[answers]]\nscripts = "a"\ngpus = -1', ":3", "answers[1].gpus", "", id="negative GPUs"),
        pytest.param(
            '[[answers]]\nscripts = "a"\n[[answers]]\nscripts = "b"\ngpus = "2"',
            ":5",
            "answers[2].gpus",
            "",
            id="2nd",
        ),
        pytest.param(
            '[[answers]]\nscripts = "a"\n[answers.variables]\n"a-b" = "1"', ":4", "variables.a-b", "", id="variable"
        ),
        pytest.param(
            '[site.volumes]\n"/d" = {}', ":2", "the key claim", 'claim = "data"', id="volume without claim"
        ),
        pytest.param('[site.volumes]\nd = "c"', ":2", "absolute path", "", id="relative volume"),
        pytest.param(
            '[site.volumes]\n"/d" = {claim = "c", sub-path = "../x"}', ":2", "'..'", "", id="climbing volume"
        ),
        pytest.param("[site]\ngpus.a100 = {}", ":2", "at least one node label", "", id="GPU without label"),
        pytest.param("[site]\npartitions.a = []", ":2", "at least one node pool", "", id="partition without pool"),
        pytest.param('[site]\nqos.a.priority = "huge"', ":2", "very-low", "", id="unknown priority"),
        pytest.param("site = 3", ":1", "site must be a table, not 3", "", id="site as number"),
    ],
)
def test_a_wrong_setting_says_what_where_and_how(
    tmp_path: Path, text: str, where: str, says: str, hint: str
) -> None:
    error = refusal(tmp_path, text)
    assert where in error.where
    assert error.where.startswith("s2r-ci.toml")
    assert says in error.what
    assert hint in error.hint


@pytest.mark.parametrize(
    ("arguments", "environ", "where", "says"),
    [
        pytest.param({}, {"S2R_JOBS": "many"}, "S2R_JOBS", "whole number", id="word for number"),
        pytest.param({}, {"S2R_QUIET": "perhaps"}, "S2R_QUIET", "true or false", id="word for switch"),
        pytest.param({}, {"S2R_FAIL_OM": "error"}, "S2R_FAIL_OM", "unknown setting", id="misspelt variable"),
        pytest.param({}, {"S2R_IMAGE": "a\udcff"}, "S2R_IMAGE", "container image", id="not UTF-8"),
        pytest.param({"fial_on": "error"}, {}, "--fial-on", "unknown setting", id="unknown argument"),
        pytest.param({"jobs": 9999}, {}, "--jobs", "1,024", id="argument out of range"),
        pytest.param({"token": "x"}, {}, "--token", "secret", id="secret as argument"),
        pytest.param({"site": {}}, {}, "--site", "cannot be an argument", id="site as argument"),
    ],
)
def test_environment_and_arguments_are_named_in_errors(
    tmp_path: Path, arguments: dict[str, object], environ: Environ, where: str, says: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve(tmp_path, arguments, environ)
    assert caught.value.where == where
    assert says in caught.value.what


def test_a_secret_is_never_repeated(tmp_path: Path) -> None:
    for error in (
        refusal(tmp_path, 'token = "made-up-value"'),
        refusal(tmp_path, 'shared-secret = "made-up-value"'),
    ):
        assert "made-up-value" not in str(error)


def test_two_settings_files_in_one_folder_are_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, {"jobs/s2r-ci.toml": "", "jobs/pyproject.toml": "[tool.s2r-ci]\n"})
    with pytest.raises(ConfigurationError) as caught:
        resolve(tmp_path, {}, {}).for_script("jobs/a.sh")
    assert "jobs/s2r-ci.toml and jobs/pyproject.toml" in caught.value.what


def test_a_pyproject_without_our_table_may_lie_beside_our_file(tmp_path: Path) -> None:
    write(tmp_path, {"s2r-ci.toml": "jobs = 1", "pyproject.toml": '[project]\nname = "s2r-ci-user"'})
    assert resolve(tmp_path, {}, {}).settings.jobs == 1


def test_a_folder_may_not_set_what_belongs_to_the_run(tmp_path: Path) -> None:
    error = refusal(tmp_path, "image = 'a:1'\njobs = 2", "jobs/s2r-ci.toml")
    assert error.where == "jobs/s2r-ci.toml:2"
    assert "belongs to the whole run" in error.what
    assert "working-directory" in error.hint


@pytest.mark.parametrize("kind", ["folder", "fifo", "link out", "loop", "dangling", "huge", "not UTF-8"])
def test_odd_settings_files_are_refused_or_absent_and_never_hang(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    path = root / "s2r-ci.toml"
    match kind:
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "link out":
            (tmp_path / "outside.toml").write_text("jobs = 3")
            path.symlink_to(tmp_path / "outside.toml")
        case "loop":
            path.symlink_to(path)
        case "dangling":
            path.symlink_to(root / "nowhere")
        case "huge":
            path.write_bytes(b"#" * 1_048_577)
        case _:
            path.write_bytes(b"jobs = 1\nimage = '\xff'\n")
    if kind == "dangling":
        assert resolve(root, {}, {}).settings == Settings()
    else:
        with pytest.raises(ConfigurationError) as caught:
            resolve(root, {}, {})
        assert caught.value.where.startswith("s2r-ci.toml")


def test_a_link_inside_the_repository_is_followed(tmp_path: Path) -> None:
    write(tmp_path, {"shared/settings.toml": "jobs = 3"})
    (tmp_path / "s2r-ci.toml").symlink_to("shared/settings.toml")
    assert resolve(tmp_path, {}, {}).settings.jobs == 3


def test_options_and_mounts_of_an_answer_reach_the_target(tmp_path: Path) -> None:
    text = '[[answers]]\nscripts = "*.sh"\noptions = ["--gpus-per-node=4"]\nmounts = ["/scratch"]\n'
    target = tree(tmp_path, {"s2r-ci.toml": text}).settings.target_for("a.sh")
    assert (target.options, target.mounts) == (("--gpus-per-node=4",), ("/scratch",))
