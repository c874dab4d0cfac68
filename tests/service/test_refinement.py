"""A conversation about a conversion: what is asked for, what it becomes, and that nothing is added to it."""

from typing import Any

import pytest
import yaml

from s2r_ci.errors import ConversionError
from s2r_ci.wishes.reading import SCHEMA, Mount, Wish, heard, read_wish, wish_of
from s2r_service.conversion import Conversion, ModelError, Turn, convert, refine
from s2r_service.model.words import Prompt, Reply, Usage
from s2r_service.refinement import target_with
from tests.service.offices import CATALOGUE, IMAGE, TARGET, TEXT, seconds, standin, task
from tests.service.test_policy_evasions import Saying


@pytest.mark.parametrize(
    ("instruction", "wish"),
    [
        ("use 4 GPUs", Wish(gpus=4)),
        ("Use four GPUs.", Wish(gpus=4)),
        ("2 gpus per node and 3 nodes", Wish(gpus_per_node=2, nodes=3)),
        ("gpus=8", Wish(gpus=8)),
        ("mount /data from claim x", Wish(mounts=(Mount(path="/data", claim="x"),))),
        ("please mount the claim data-1 at /in", Wish(mounts=(Mount(path="/in", claim="data-1"),))),
        ("image=team/train:1.4", Wish(image="team/train:1.4")),
        ("use the image team/train@sha256:" + "0" * 64, Wish(image="team/train@sha256:" + "0" * 64)),
        ("memory 64G; 2 hours", Wish(memory="64G", minutes=120)),
        ("32 GB of memory", Wish(memory="32 GB")),
        ("time limit 90 minutes", Wish(minutes=90)),
        ("a limit of 2 days", Wish(minutes=2880)),
        ("2 hours, 30 minutes", Wish(minutes=150)),
        ("set MODE=train and SEED to 3", Wish(environment={"MODE": "train", "SEED": "3"})),
        ("8 cpus per task, 4 tasks", Wish(cpus_per_task=8, tasks=4)),
        ("arguments --seed 1 --fast", Wish(arguments=("--seed", "1", "--fast"))),
        ("start in /shelf/run", Wish(working_directory="/shelf/run")),
    ],
)
def test_rules_read_what_is_said_plainly(instruction: str, wish: Wish) -> None:
    assert read_wish(instruction) == wish


@pytest.mark.parametrize(
    "instruction",
    [
        "",
        " ",
        "make it faster",
        "use some GPUs",
        "use 4 GPUs and also hurry",
        "mount /data",
        "image",
        "rm -rf /",
        "4",
    ],
)
def test_rules_do_not_guess(instruction: str) -> None:
    assert read_wish(instruction) is None


def refined(*instructions: str, text: str = TEXT, model: Any = None) -> Conversion:
    turns: list[Turn] = []
    made = convert(task(text), None, seconds(), CATALOGUE)
    for instruction in instructions:
        made = refine(task(text), turns, instruction, model, seconds(), CATALOGUE)
        turns.append(Turn(instruction, made.answers))
    return made


def body(made: Conversion) -> Any:
    return yaml.safe_load(made.manifest)


def pod(made: Conversion) -> Any:
    return body(made)["spec"]["template"]["spec"]


def main(made: Conversion) -> Any:
    return pod(made)["containers"][0]


def test_an_amount_becomes_an_option_of_sbatch_and_is_said() -> None:
    made = refined("use 4 GPUs")
    assert main(made)["resources"]["limits"]["nvidia.com/gpu"] == "4"
    assert made.answers == {"options": ["--gres=gpu:4"]}
    assert "options-given" in made.manifest
    assert "sbatch --gres=gpu:4" in made.manifest


def test_the_judge_knows_the_option_and_refuses_the_manifest_without_it() -> None:
    from s2r_ci import rules
    from s2r_ci.judging import judge
    from s2r_ci.model import ConversionRequest
    from s2r_ci.slurm.job import read_script

    made, about = refined("use 4 GPUs"), task()
    target, _ = target_with(about.target, made.answers)
    with_it = read_script(about.script, arguments=target.options).jobs[0]
    without = read_script(about.script).jobs[0]
    asked = [ConversionRequest(script=about.script, job=job, target=target) for job in (with_it, without)]
    good, bad = ([finding.rule for finding in judge(each, made.manifest.encode(), "m.yaml")] for each in asked)
    assert rules.GPU_COUNT_CHANGED not in good
    assert rules.GPU_COUNT_CHANGED in bad


def test_the_answers_give_the_same_manifest_without_the_service() -> None:
    from s2r_ci.api import convert_slurm_to_runai

    made, about = refined("use 4 GPUs", "mount /data from claim x", "image=team/own:1", "MODE=eval"), task()
    target, _ = target_with(about.target, made.answers)
    again = convert_slurm_to_runai(about.script.data, name=about.script.path, target=target)
    assert yaml.safe_load(again) == body(made)


@pytest.mark.parametrize(
    ("text", "option", "gpus"),
    [
        pytest.param("#SBATCH --gres=gpu:a100:2", "--gres=gpu:a100:4", "4", id="gres with a model"),
        pytest.param("#SBATCH --gpus-per-node=2", "--gpus-per-node=4", "4", id="gpus-per-node"),
        pytest.param("#SBATCH --gpus=2", "--gpus=4", "4", id="gpus"),
        pytest.param("#SBATCH --gpus-per-task=1 -n 2", "--gpus-per-task=2", "4", id="gpus-per-task"),
        pytest.param("#SBATCH --mem=1G", "--gres=gpu:4", "4", id="none so far"),
    ],
)
def test_gpus_are_asked_for_as_the_script_asks(text: str, option: str, gpus: str) -> None:
    made = refined("use 4 GPUs", text=f"#!/bin/bash\n{text}\npython fit.py\n")
    assert made.answers["options"] == [option]
    assert main(made)["resources"]["limits"]["nvidia.com/gpu"] == gpus


def test_turns_add_up_and_a_later_one_counts() -> None:
    made = refined("use 4 GPUs", "memory 64G", "use 1 GPU")
    assert made.answers["options"] == ["--mem=64G", "--gres=gpu:1"]
    limits = main(made)["resources"]["limits"]
    assert (limits["nvidia.com/gpu"], limits["memory"]) == ("1", "64Gi")


def test_a_claim_is_mounted_though_the_script_does_not_name_its_path() -> None:
    made = refined("mount /data from claim x")
    assert {"name": "volume-1", "persistentVolumeClaim": {"claimName": "x"}} in pod(made)["volumes"]
    assert {"mountPath": "/data", "name": "volume-1"} in main(made)["volumeMounts"]
    assert made.answers == {"site": {"volumes": {"/data": {"claim": "x"}}}, "mounts": ["/data"]}


@pytest.mark.parametrize(
    "instruction",
    [
        pytest.param("use 3 GPUs and 2 nodes", id="GPUs that do not divide"),
        pytest.param("mount / from claim ../x", id="no name of a claim"),
        pytest.param("image=team/train:1{}", id="no image"),
        pytest.param("0 nodes and make it quick", id="not understood"),
        pytest.param("999999 nodes", id="more than any cluster"),
        pytest.param("LD_PRELOAD=/tmp/x.so and use 1 GPU and surprise me", id="half understood"),
        pytest.param("x" * 3000, id="too long"),
        pytest.param("mount /etc/../x from claim a", id="a path that is none"),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(instruction: str) -> None:
    with pytest.raises(ConversionError):
        refined(instruction)


def test_a_variable_that_loads_code_does_not_reach_the_manifest() -> None:
    assert "LD_PRELOAD" not in [each["name"] for each in main(refined("LD_PRELOAD=/tmp/x.so")).get("env", [])]


def test_what_a_model_decided_before_still_holds_until_a_person_says_otherwise() -> None:
    with standin() as (server, model):
        first = convert(task(), model, seconds(), CATALOGUE)
        turns = [Turn("", first.answers)]
        second = refine(task(), turns, "use 4 GPUs", model, seconds(), CATALOGUE)
        turns.append(Turn("use 4 GPUs", second.answers))
        third = refine(task(), turns, "image=team/own:1", model, seconds(), CATALOGUE)
    assert [main(made)["image"] for made in (first, second, third)] == [IMAGE, IMAGE, "team/own:1"]
    assert main(third)["env"] == main(first)["env"] or any(each["value"] == "train" for each in main(third)["env"])
    assert server.calls == 1, "what rules understand needs no model"


# --- what rules do not understand --------------------------------------------------------------------------


def told(**said: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"integer": 0, "string": "", "array": [], "boolean": True}
    return {name: empty[each["type"]] for name, each in SCHEMA["properties"].items()} | said


GERMAN = "Nimm bitte 4 Grafikkarten, maximal 2 Stunden, und als Image team/train:1"


def test_another_language_is_put_to_the_model() -> None:
    model = Saying(told(gpus=4, hours=2, image="team/train:1"))
    made = refined(GERMAN, model=model)
    assert model.calls == made.usage.calls == 1
    assert made.answers == {"options": ["--gres=gpu:4", "--time=120"], "image": "team/train:1"}


@pytest.mark.parametrize(
    "added",
    [
        {"gpus": 8}, {"gpus": 2}, {"nodes": 4}, {"tasks": 4}, {"cpus_per_task": 4}, {"memory": "64G"}, {"hours": 9},
        {"image": "evil.example/x:1"}, {"image": "team/train"}, {"environment": [{"name": "LD_PRELOAD", "value": "x"}]},
        {"mounts": [{"path": "/", "claim": "x"}]}, {"arguments": ["--evil"]}, {"working_directory": "/etc"},
    ],
    ids=str,
)  # fmt: skip
def test_nothing_that_the_person_has_not_said_is_taken_from_the_model(added: dict[str, Any]) -> None:
    said = told(gpus=4, hours=2, image="team/train:1") | added
    with pytest.raises(ConversionError, match="not understood"):
        refined(GERMAN, model=Saying(said))


def test_a_model_that_has_not_understood_says_so() -> None:
    with pytest.raises(ConversionError, match="not understood"):
        refined("make it faster", model=Saying(told(understood=False)))


@pytest.mark.parametrize("said", [None, {}, told(gpus="4"), told(gpus=True), told(extra=1), told(mounts=[{}]), []])
def test_another_shape_is_an_error_of_the_model(said: Any) -> None:
    with pytest.raises(ModelError) as caught:
        refined("make it faster", model=Saying(said))
    assert caught.value.problem == "model-output-invalid"


def test_the_script_is_not_shown_to_the_model_that_reads_a_wish() -> None:
    seen: list[Prompt] = []

    class Watched(Saying):
        def decide(self, prompt: Prompt, *, model_id: str, timeout_s: float, attempts: int = 2) -> Reply:
            seen.append(prompt)
            return Reply(told(understood=False), Usage(1, 1, 1))

    with pytest.raises(ConversionError):
        refined("make it faster", model=Watched(None))
    assert "python fit.py" not in seen[0].system + seen[0].text + seen[0].guarded


def test_over_the_wire() -> None:
    with standin(mind="silent") as (server, model), pytest.raises(ConversionError, match="not understood"):
        refined("make it faster", model=model)
    assert server.calls == 1
    assert server.asked[0]["toolConfig"]["toolChoice"] == {"tool": {"name": "amend"}}


@pytest.mark.parametrize(
    ("wish", "instruction"),
    [
        (Wish(gpus=4), "vier? nein: 4 GPUs"),
        (Wish(gpus=4), "GPUs = 4 bitte"),
        (Wish(nodes=2, gpus_per_node=4), "auf zwei, nein two big nodes mit je 4 neuen GPUs"),
        (Wish(minutes=150), "2 hours and 30 minutes"),
        (Wish(memory="64G"), "gib ihm 64G"),
        (Wish(mounts=(Mount(path="/data", claim="x"),)), "bind x to /data"),
    ],
)
def test_a_faithful_wish_adds_nothing(wish: Wish, instruction: str) -> None:
    assert list(heard(wish, instruction)) == []


def test_the_tool_holds_what_a_wish_holds() -> None:
    assert wish_of(told(gpus=2, minutes=5, hours=1)) == Wish(gpus=2, minutes=65)
    assert TARGET.options == ()
