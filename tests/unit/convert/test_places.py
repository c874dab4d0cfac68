"""Places that a person would be surprised to lose: the home folder, images by variable, answers on volumes."""

from dataclasses import replace

import pytest

from s2r_ci.convert.rules import RulesConverter
from s2r_ci.model import ConversionResult, Disposition, Script, Site, Target, Volume
from s2r_ci.pipeline import walk

VOLUMES = {"/shelf": Volume(claim="work"), "/scratch": Volume(claim="scratch")}
TARGET = Target(default_image="a/b:1", memory_mib=1024, working_directory="/shelf", site=Site(volumes=VOLUMES))


def converted(body: str, target: Target = TARGET) -> tuple[ConversionResult, str]:
    walked = walk(
        Script(path="a.sh", data=f"#!/bin/bash\n#SBATCH -n 1\n{body}\n".encode()), target, RulesConverter()
    )
    assert walked.result is not None
    assert walked.writable, walked.findings
    return walked.result, walked.yaml_text


# --- home --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("python ~/train.py", "~/train.py in"),
        ("cat a > $HOME/out.txt", "$HOME/out.txt in"),
        ("cp ${HOME}/a .; cp ~/b .; cp ~/b .", "${HOME}/a and 1 more in"),
        ("source ~/env.sh", "~/env.sh in"),
    ],
)
def test_what_lies_at_home_is_asked_about(body: str, named: str) -> None:
    result, _ = converted(body)
    [question] = result.questions
    assert question.key == "variable.HOME"
    assert f"uses {named} the home folder" in question.text
    ends = {e.disposition for e in result.ledger if "~/" in str(e.item) or "HOME" in str(e.item)}
    assert ends == {Disposition.NEEDS_ANSWER}


@pytest.mark.parametrize(
    "body",
    [
        "source ~/.bashrc",
        "export PATH=$HOME/bin:$PATH",
        "LD_LIBRARY_PATH=~/lib:$LD_LIBRARY_PATH",
        "HOME=/shelf/home\npython ~/train.py",
        "echo a~/b",
    ],
)
def test_what_an_image_has_itself_or_may_lack_is_not(body: str) -> None:
    result, _ = converted(body)
    assert "variable.HOME" not in {question.key for question in result.questions}


def test_an_answer_says_where_home_is_and_mounts_it() -> None:
    result, text = converted("python ~/train.py", replace(TARGET, variables={"HOME": "/scratch/home"}))
    assert not result.questions
    assert "value: /scratch/home" in text
    assert "mountPath: /scratch" in text
    assert {e.disposition for e in result.ledger if "~/" in str(e.item)} == {Disposition.APPROXIMATE}


@pytest.mark.parametrize("target", [{"variables": {"DATA": "/scratch/x"}}, {"arguments": ("/scratch/x",)}])
def test_an_answer_that_lies_on_a_volume_mounts_it(target: dict[str, object]) -> None:
    _, text = converted('python a.py "$DATA" "$@"', replace(TARGET, **target))  # type: ignore[arg-type]
    assert "mountPath: /scratch" in text


# --- images ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "IMG=team/x:1\nsrun --container-image=$IMG python a.py",
        'export IMG="docker://team/x:1"\napptainer exec "${IMG}" python a.py',
        "srun --container-image=team/x:1 python a.py",
    ],
)
def test_an_image_that_the_script_names_counts_over_the_settings_by_a_variable_too(body: str) -> None:
    result, text = converted(body)
    assert "image: team/x:1 " in text
    assert {e.disposition for e in result.ledger if e.item.kind.value == "container"} == {Disposition.EXACT}


@pytest.mark.parametrize(
    "body",
    [
        "IMG=team/x:1\nIMG=team/y:1\nsrun --container-image=$IMG python a.py",
        "IMG=team/x:1\n[ -z $1 ] || IMG=$1\nsrun --container-image=$IMG python a.py",
        "IMG=team/$NAME:1\nsrun --container-image=$IMG python a.py",
        "IMG=/shared/x.sif\napptainer exec $IMG python a.py",
    ],
)
def test_an_image_that_is_not_written_out_leaves_that_of_the_settings(body: str) -> None:
    _, text = converted(body)
    assert "image: a/b:1 " in text


# --- paths -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "folder"),
    [("/home/$?", "/home"), ("/mnt/{a,b}/x", "/mnt"), ("/d/$$/x", "/d"), ("/e/lab/${Y:-b}/q", "/e/lab")],
)
def test_what_the_shell_makes_of_a_word_is_no_folder_to_ask_for(word: str, folder: str) -> None:
    result, _ = converted(f"ls {word}")
    assert [q.key for q in result.questions if q.key.startswith("volume.")] == [f"volume.{folder}"]


# --- a mount in a mount ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "ends", "says"),
    [
        ("/scratch/x:/shelf/in", Disposition.APPROXIMATE, "it hides what the volume of /shelf has there"),
        ("/scratch/x:/data", Disposition.EXACT, "on the volume scratch"),
        ("/scratch/x:/workers", Disposition.EXACT, "on the volume scratch"),
        ("/scratch/x", Disposition.EXACT, "on the volume scratch"),
    ],
)
def test_a_folder_that_is_bound_inside_a_volume_says_what_it_hides(
    bound: str, ends: Disposition, says: str
) -> None:
    result, _ = converted(f"apptainer exec -B {bound} docker://a/b:1 python a.py")
    [entry] = [entry for entry in result.ledger if str(entry.item) == "/scratch/x"]
    assert entry.disposition is ends
    assert says in entry.reason
