"""Every trouble that can be found, on one page.

A rule's id names the trouble, not the virtue. It is the word in the report, in SARIF, in ``s2r-scan rule ID`` and
in ``# s2r: ignore[ID] reason``. A rule that asks a person something is a note: an open question never fails a run
by itself, it is counted. Add a rule to the section of the stage that finds it.
"""

from typing import Final

from s2r_ci.model import Level, Rule, Stage

RULES: Final[dict[str, Rule]] = {}


def _rule(id: str, stage: Stage, level: Level, summary: str, hint: str) -> Rule:
    RULES[id] = Rule(id=id, summary=summary, stage=stage, level=level, hint=hint)
    return RULES[id]


_E, _W, _N = Level.ERROR, Level.WARNING, Level.NOTE

# --- discover: the files -----------------------------------------------------------------------------------

FILE_UNREADABLE: Final = _rule(
    "file-unreadable", Stage.DISCOVER, _E, "a file could not be read",
    "give the user read permission, or exclude the file with --exclude",
)  # fmt: skip
FILE_TOO_LARGE: Final = _rule(
    "file-too-large", Stage.DISCOVER, _W, "a file that mentions #SBATCH is too large for a batch script",
    "exclude the file with --exclude, or raise max-file-bytes",
)  # fmt: skip
SCRIPT_TOO_LARGE: Final = _rule(
    "script-too-large", Stage.DISCOVER, _E, "a batch script is larger than max-file-bytes, and was not looked at",
    "raise max-file-bytes, keep the data in a file of its own, or exclude the script with --exclude",
)  # fmt: skip
NAMED_ASIDE: Final = _rule(
    "named-aside", Stage.DISCOVER, _W, "a file that was named is taken for no batch script, and was left alone",
    "fill the template in first and convert what comes of it; `s2r FILE` converts a file as it stands",
)  # fmt: skip
NAME_UNUSABLE: Final = _rule(
    "name-unusable", Stage.DISCOVER, _W, "a manifest beside this script would have a name some systems cannot hold",
    "rename the script: no control characters, none of <>:\"|?*, no dot or blank at the end, at most 240 octets",
)  # fmt: skip
NAMES_COLLIDE: Final = _rule(
    "names-collide", Stage.DISCOVER, _E, "two scripts would share one manifest on a file system that ignores case",
    "rename one of them",
)  # fmt: skip

# --- parse: the script -------------------------------------------------------------------------------------

SCRIPT_REFUSED: Final = _rule(
    "script-refused", Stage.PARSE, _E, "sbatch would refuse this script",
    "put the named line right; `sbatch --test-only FILE` on the old cluster shows when it is",
)  # fmt: skip
LATE_DIRECTIVE: Final = _rule(
    "late-directive", Stage.PARSE, _W, "a directive stands behind the first command, where sbatch does not read it",
    "move the line up, above the first command",
)  # fmt: skip
NOT_A_DIRECTIVE: Final = _rule(
    "not-a-directive", Stage.PARSE, _W, "a line looks like a directive, and sbatch does not read it as one",
    "write #SBATCH in capitals, in column one, without a blank",
)  # fmt: skip
UNKNOWN_DIRECTIVE: Final = _rule(
    "unknown-directive", Stage.PARSE, _E, "sbatch does not know this option and refuses the script",
    "see sbatch(1) for the options of your release",
)  # fmt: skip
DIRECTIVE_CUT_SHORT: Final = _rule(
    "directive-cut-short", Stage.PARSE, _W, "sbatch stops reading this line before its end",
    "put a blank before the comment, or quote the word",
)  # fmt: skip
VALUE_SWALLOWED: Final = _rule(
    "value-swallowed", Stage.PARSE, _W, "an option without its value takes the next directive as its value",
    "give the option its value on the same line",
)  # fmt: skip
VARIABLE_IN_DIRECTIVE: Final = _rule(
    "variable-in-directive", Stage.PARSE, _W, "sbatch does not expand variables in directives",
    "write the value, or give the option on the command line",
)  # fmt: skip
SHORT_OPTION_EQUALS: Final = _rule(
    "short-option-equals", Stage.PARSE, _W, "the value of a short option begins with an equals sign",
    "write a blank or nothing after the letter (-c 4, -c4), or the long name (--cpus-per-task=4)",
)  # fmt: skip
VALUE_MISLEADING: Final = _rule(
    "value-misleading", Stage.PARSE, _W, "sbatch reads a value otherwise than it looks",
    "write what is meant in full, as the message says",
)  # fmt: skip
DIRECTIVE_WITHOUT_EFFECT: Final = _rule(
    "directive-without-effect", Stage.PARSE, _W, "sbatch ignores this option in a script",
    "give it on the command line, or take it away",
)  # fmt: skip
DIRECTIVE_OVERRIDDEN: Final = _rule(
    "directive-overridden", Stage.PARSE, _N, "an option is given twice, and the last one counts",
    "take the earlier one away",
)  # fmt: skip
FOREIGN_DIRECTIVE: Final = _rule(
    "foreign-directive", Stage.PARSE, _W, "sbatch reads #PBS and #BSUB lines too, and they win over #SBATCH",
    "take the lines away, or add #SBATCH --ignore-pbs",
)  # fmt: skip
PLUGIN_DIRECTIVE: Final = _rule(
    "plugin-directive", Stage.PARSE, _N, "an option that only a plug-in of the site knows",
    "keep it where the plug-in is installed; the manifest says the same in its own way",
)  # fmt: skip
SECRET_IN_SCRIPT: Final = _rule(
    "secret-in-script", Stage.PARSE, _E, "the script holds what looks like a secret; no manifest is written",
    "take the value out of the script and of its history, and read it from a Kubernetes Secret",
)  # fmt: skip
BODY_NOT_UNDERSTOOD: Final = _rule(
    "body-not-understood", Stage.PARSE, _N, "the shell grammar could not read all of the script",
    "run `bash -n FILE`; where it is content, check the ledger of this script by hand",
)  # fmt: skip
IGNORE_WITHOUT_REASON: Final = _rule(
    "ignore-without-reason", Stage.PARSE, _E, "an ignore comment gives no reason, so it does not count",
    "write `# s2r: ignore[rule] why this is right here`",
)  # fmt: skip
IGNORE_UNUSED: Final = _rule(
    "ignore-unused", Stage.PARSE, _W, "an ignore comment silences nothing",
    "delete the comment",
)  # fmt: skip
HIDDEN_CHARACTERS: Final = _rule(
    "hidden-characters", Stage.PARSE, _W, "the script holds characters that show something else than it says",
    "delete the bidirectional, zero-width or tag characters",
)  # fmt: skip

# --- convert: what could not be carried, or has to be asked ------------------------------------------------

CONVERSION_FAILED: Final = _rule(
    "conversion-failed", Stage.CONVERT, _E, "the script could not be converted",
    "see the message; `s2r-scan explain FILE` shows how far it came",
)  # fmt: skip
NOT_VERIFIED: Final = _rule(
    "not-verified", Stage.CONVERT, _W, "rules wrote this manifest, and it was not verified against the service",
    "run `s2r-scan write` again when the service answers, or say `converter = \"rules\"` to go without it",
)  # fmt: skip
NOT_SENT: Final = _rule(
    "not-sent", Stage.CONVERT, _N, "rules wrote this manifest, because the script is not sent to the service",
    "see the message; nothing has to be done where the rules left no question open",
)  # fmt: skip
SECRET_REDACTED: Final = _rule(
    "secret-redacted", Stage.CONVERT, _N, "the service saw a placeholder in place of what looks like a secret",
    "nothing has to be done: the placeholder is never turned back, and the manifest carries the script as it is",
)  # fmt: skip
SERVICE_SAYS: Final = _rule(
    "service-says", Stage.CONVERT, _N, "the service has a remark on its conversion",
    "read the remark; the manifest was judged like every other",
)  # fmt: skip
QUESTION_OPEN: Final = _rule(
    "question-open", Stage.CONVERT, _N, "the rules cannot know this: a person has to say",
    "answer it in the settings; `s2r-scan audit` shows which answer serves most scripts",
)  # fmt: skip
ANSWER_UNUSABLE: Final = _rule(
    "answer-unusable", Stage.PARSE, _E, "an answer in a comment of the script is none",
    "write it as in [[answers]]: # s2r: image=team/train:1",
)  # fmt: skip
ANSWER_UNUSED: Final = _rule(
    "answer-unused", Stage.CONVERT, _W, "an answer that nobody asked for, or a glob of [[answers]] without scripts",
    "take the answer out, or put its glob right",
)  # fmt: skip
TARGET_LEGACY: Final = _rule(
    "target-legacy", Stage.CONVERT, _W, "run.ai/v2alpha1 is deprecated since Run:ai 2.18 and gone in 3.0",
    "take the target kubernetes, which every release takes",
)  # fmt: skip
NOT_EXPRESSIBLE: Final = _rule(
    "not-expressible", Stage.CONVERT, _N, "something the script says has no counterpart in the target",
    "read the ledger's reason; do it outside the manifest, or live without it",
)  # fmt: skip
COUNT_ROUNDED_UP: Final = _rule(
    "count-rounded-up", Stage.CONVERT, _N, "equal pods hold more than the script asks for in all",
    "ask for a total that the nodes divide, or take another number of nodes",
)  # fmt: skip
SENT_OTHERWISE: Final = _rule(
    "sent-otherwise", Stage.CONVERT, _W, "a program of the repository sends this script with other options",
    "answer with the options that count, or accepted = [\"calls\"] where the script's own do",
)  # fmt: skip
WORKLOADS_COLLIDE: Final = _rule(
    "workloads-collide", Stage.CONVERT, _W, "several scripts become workloads of one kind and one name",
    "give each a --job-name of its own, in the script or as an answer: options = [\"--job-name=NAME\"]",
)  # fmt: skip
HETEROGENEOUS_JOB: Final = _rule(
    "heterogeneous-job", Stage.CONVERT, _E, "a heterogeneous job has no single workload to become",
    "split the components into scripts of their own",
)  # fmt: skip
LEDGER_INCOMPLETE: Final = _rule(
    "ledger-incomplete", Stage.CONVERT, _E, "the ledger does not add up to the inventory of the script",
    "this is a bug in s2r-ci: please report it with the script",
)  # fmt: skip

OPTIONS_GIVEN: Final = _rule(
    "options-given", Stage.CONVERT, _N, "the manifest is for sbatch with options that the script does not have",
    "put them into the script, or take them out of the answers",
)  # fmt: skip

# --- validate: is it a manifest? ---------------------------------------------------------------------------

MANIFEST_UNREADABLE: Final = _rule(
    "manifest-unreadable", Stage.VALIDATE, _E, "the manifest is not YAML that every reader understands alike",
    "see the message; `s2r-scan write --overwrite FILE` writes it anew",
)  # fmt: skip
MANIFEST_INVALID: Final = _rule(
    "manifest-invalid", Stage.VALIDATE, _E, "the manifest breaks the schema of its kind",
    "see the field named in the message",
)  # fmt: skip
MANIFEST_INCONSISTENT: Final = _rule(
    "manifest-inconsistent", Stage.VALIDATE, _E, "two fields of the manifest contradict each other",
    "see the fields named in the message",
)  # fmt: skip

# --- verify: is it this script's manifest? One file each in verify/ ----------------------------------------

KIND_CHANGED: Final = _rule(
    "kind-changed", Stage.VERIFY, _E, "the manifest's kind cannot do what the script asks for",
    "write the manifest anew",
)  # fmt: skip
NAME_CHANGED: Final = _rule(
    "name-changed", Stage.VERIFY, _E, "the manifest's name is not made from the job's name",
    "set metadata.name to the name given in the message",
)  # fmt: skip
NODE_COUNT_CHANGED: Final = _rule(
    "node-count-changed", Stage.VERIFY, _E, "the manifest runs another number of pods than the script asks nodes",
    "set replicas (Master 1 and Worker nodes-1 for PyTorchJob, Worker nodes for MPIJob)",
)  # fmt: skip
TASK_COUNT_CHANGED: Final = _rule(
    "task-count-changed", Stage.VERIFY, _E, "the manifest starts another number of tasks than the script",
    "set nprocPerNode or slotsPerWorker to the tasks of one node",
)  # fmt: skip
GPU_COUNT_CHANGED: Final = _rule(
    "gpu-count-changed", Stage.VERIFY, _E, "the manifest asks for another number of GPUs than the script",
    "set the manifest's GPU count to what the script asks for",
)  # fmt: skip
GPU_MODEL_DROPPED: Final = _rule(
    "gpu-model-dropped", Stage.VERIFY, _E, "the script asks for a GPU model, the manifest takes any",
    "add the node selector of the site map",
)  # fmt: skip
GRES_CHANGED: Final = _rule(
    "gres-changed", Stage.VERIFY, _E, "the manifest asks for other generic resources than the script",
    "set the extended resource that the site map names to the script's count",
)  # fmt: skip
CPU_COUNT_CHANGED: Final = _rule(
    "cpu-count-changed", Stage.VERIFY, _E, "the manifest asks for another number of CPUs than the script",
    "set requests.cpu and limits.cpu to what the script asks for",
)  # fmt: skip
MEMORY_CHANGED: Final = _rule(
    "memory-changed", Stage.VERIFY, _E, "the manifest asks for other memory than the script",
    "set requests.memory and limits.memory; Slurm's sizes are binary: 32G is 32Gi",
)  # fmt: skip
SCRATCH_LOWERED: Final = _rule(
    "scratch-lowered", Stage.VERIFY, _E, "the manifest asks for less local scratch space than the script",
    "set requests.ephemeral-storage to the value of --tmp",
)  # fmt: skip
TIME_LIMIT_DROPPED: Final = _rule(
    "time-limit-dropped", Stage.VERIFY, _E, "the script's time limit is not the manifest's",
    "set activeDeadlineSeconds of the pod template (of runPolicy for MPIJob)",
)  # fmt: skip
ARRAY_FLATTENED: Final = _rule(
    "array-flattened", Stage.VERIFY, _E, "the manifest does not run the script's array",
    "set completionMode Indexed, completions, parallelism and the table of ids",
)  # fmt: skip
RETRY_CHANGED: Final = _rule(
    "retry-changed", Stage.VERIFY, _E, "the manifest restarts a job that may not, or does not restart one that may",
    "backoffLimit 0 and non-preemptible belong together; see profile N and R",
)  # fmt: skip
PROJECT_LOST: Final = _rule(
    "project-lost", Stage.VERIFY, _E, "the manifest does not say the project that settings or account name",
    "set the labels of the project to what the settings, or the site map for the account, say",
)  # fmt: skip
PARTITION_LOST: Final = _rule(
    "partition-lost", Stage.VERIFY, _E, "the node pools are not those of the script's partition",
    "set the annotation runai-nodepools as the site map says",
)  # fmt: skip
CONSTRAINT_LOST: Final = _rule(
    "constraint-lost", Stage.VERIFY, _E, "features or hosts that the script names do not bind the manifest's pods",
    "set nodeSelector and node affinity as the site map says",
)  # fmt: skip
COMMAND_CHANGED: Final = _rule(
    "command-changed", Stage.VERIFY, _E, "the manifest does not carry the script byte for byte",
    "write the manifest anew; the body of the script is never edited inside the manifest",
)  # fmt: skip
PRELUDE_CHANGED: Final = _rule(
    "prelude-changed", Stage.VERIFY, _E, "what runs before the script is not what this script needs",
    "write the manifest anew; the prelude is never edited",
)  # fmt: skip
ENVIRONMENT_LOST: Final = _rule(
    "environment-lost", Stage.VERIFY, _E, "a variable the script needs is missing from the manifest, or another",
    "set the variable as the message says",
)  # fmt: skip
WORKING_DIRECTORY_CHANGED: Final = _rule(
    "working-directory-changed", Stage.VERIFY, _E, "the manifest starts in another folder than the script asks for",
    "set workingDir to the value of --chdir or of the settings",
)  # fmt: skip
VOLUME_CHANGED: Final = _rule(
    "volume-changed", Stage.VERIFY, _E, "a folder of the script is not mounted where it belongs, or another is",
    "mount what the site map has for the script's paths, and nothing else",
)  # fmt: skip
IMAGE_CHANGED: Final = _rule(
    "image-changed", Stage.POLICY, _E, "the manifest's image is not the one that script or settings name",
    "set the image in the settings, or as the script says",
)  # fmt: skip
IMAGE_TAG_LOOSE: Final = _rule(
    "image-tag-loose", Stage.VERIFY, _W, "the image has no tag, or the tag latest",
    "name a fixed tag or, better, a digest",
)  # fmt: skip
HOLD_CHANGED: Final = _rule(
    "hold-changed", Stage.VERIFY, _E, "the script is held at submission and the manifest is not, or the reverse",
    "set spec.suspend (runPolicy.suspend) to what --hold says",
)  # fmt: skip
DECISION_MADE: Final = _rule(
    "decision-made", Stage.VERIFY, _N, "a model decided what script and settings leave open",
    "look at it; an answer in the settings counts instead",
)  # fmt: skip
SCRIPT_PATCHED: Final = _rule(
    "script-patched", Stage.VERIFY, _W, "the manifest runs the script with a line written anew",
    "compare the line; change it in the script itself, or take the change out of the annotation s2r-ci/decisions",
)  # fmt: skip

# --- policy: a manifest that may not be written, whoever wrote it (exit code 4) ----------------------------

SECRET_IN_MANIFEST: Final = _rule(
    "secret-in-manifest", Stage.POLICY, _E, "the manifest holds what looks like a secret",
    "read the value from a Kubernetes Secret",
)  # fmt: skip
POLICY_VIOLATED: Final = _rule(
    "policy-violated", Stage.POLICY, _E, "the manifest asks for what no script of this kind may ask for",
    "put right what the message names; an image from another place is allowed by image-allow in the settings",
)  # fmt: skip
DECISION_REFUSED: Final = _rule(
    "decision-refused", Stage.POLICY, _E, "the manifest holds a decision that is not a model's to make",
    "take it out of the annotation s2r-ci/decisions, and convert again",
)  # fmt: skip

# --- current: is what lies on disk what this script gives? -------------------------------------------------

MANIFEST_MISSING: Final = _rule(
    "manifest-missing", Stage.CURRENT, _E, "a convertible script has no manifest",
    "run `s2r-scan write`, or pass --allow-missing",
)  # fmt: skip
MANIFEST_UNWRITTEN: Final = _rule(
    "manifest-unwritten", Stage.CURRENT, _E, "a manifest could not be written to disk",
    "give the user write permission to the folder, free space on it, or mount it read-write; then write again",
)  # fmt: skip
MANIFEST_STALE: Final = _rule(
    "manifest-stale", Stage.CURRENT, _E, "the script, or a file that it calls, changed after its manifest was written",
    "run `s2r-scan write`",
)  # fmt: skip
SETTINGS_STALE: Final = _rule(
    "settings-stale", Stage.CURRENT, _E, "settings that this manifest depends on changed after it was written",
    "run `s2r-scan write`",
)  # fmt: skip
MAPPING_STALE: Final = _rule(
    "mapping-stale", Stage.CURRENT, _E, "the manifest was written by an older mapping of s2r-ci",
    "run `s2r-scan write`",
)  # fmt: skip
CONVERTER_STALE: Final = _rule(
    "converter-stale", Stage.CURRENT, _E, "another converter wrote this manifest than the settings ask for",
    "run `s2r-scan write`, or set `converter` to auto, which takes a manifest whoever wrote it",
)  # fmt: skip
SUBMIT_EDITED: Final = _rule(
    "submit-edited", Stage.CURRENT, _E, "the command in the manifest's header is not the one that submits it",
    "run `s2r-scan write`",
)  # fmt: skip
MANIFEST_EDITED: Final = _rule(
    "manifest-edited", Stage.CURRENT, _N, "the manifest was edited by hand and keeps every promise",
    "nothing to do: it survives `s2r-scan write` while the script stays as it is",
)  # fmt: skip
MANIFEST_CONFLICT: Final = _rule(
    "manifest-conflict", Stage.CURRENT, _E, "the manifest was edited by hand, and its script changed as well",
    "carry the edit over by hand, or run `s2r-scan write --overwrite`",
)  # fmt: skip
MANIFEST_ORPHANED: Final = _rule(
    "manifest-orphaned", Stage.CURRENT, _W, "the script of this manifest is gone",
    "delete the manifest, or bring the script back",
)  # fmt: skip
MANIFEST_FOREIGN: Final = _rule(
    "manifest-foreign", Stage.CURRENT, _E, "where the manifest belongs lies a file that s2r-ci did not write",
    "move the file away, choose another manifest-pattern, or run `s2r-scan write --overwrite`",
)  # fmt: skip

# --- lint: what works, and not as meant. `s2r-scan lint` alone looks for these ------------------------------

_WALKED: Final = frozenset(RULES)

REMOVED_OPTION: Final = _rule(
    "removed-option", Stage.PARSE, _E, "an option that sbatch had once and refuses now",
    "write the option that took its place; `s2r-scan lint --fix` does where it means the same",
)  # fmt: skip
SRUN_ONLY_OPTION: Final = _rule(
    "srun-only-option", Stage.PARSE, _E, "an option of srun stands in a directive, and sbatch refuses it",
    "give it to srun in the script",
)  # fmt: skip
ABBREVIATED_OPTION: Final = _rule(
    "abbreviated-option", Stage.PARSE, _W, "a shortened option works until a release brings another that begins alike",
    "write the name in full; `s2r-scan lint --fix` does",
)  # fmt: skip
TIME_IN_MINUTES: Final = _rule(
    "time-in-minutes", Stage.PARSE, _W, "a bare number is minutes, and this one looks like hours or seconds",
    "write --time=HOURS:MINUTES:SECONDS",
)  # fmt: skip
TIME_LIMIT_MISSING: Final = _rule(
    "time-limit-missing", Stage.PARSE, _N, "the script sets no time limit, so the partition's default counts",
    "write --time=HOURS:MINUTES:SECONDS; short jobs start sooner",
)  # fmt: skip
TIME_LIMIT_LONG: Final = _rule(
    "time-limit-long", Stage.PARSE, _N, "the time limit is longer than seven days, more than many partitions allow",
    "save checkpoints and send the job in parts",
)  # fmt: skip
MEMORY_WITHOUT_UNIT: Final = _rule(
    "memory-without-unit", Stage.PARSE, _W, "memory without a unit is MiB, and the number looks like another unit",
    "write the unit: --mem=16G",
)  # fmt: skip
GPUS_SAID_TWICE: Final = _rule(
    "gpus-said-twice", Stage.PARSE, _W, "two options ask for GPUs, and they do not ask for the same",
    "keep one of --gres=gpu, --gpus, --gpus-per-node and --gpus-per-task",
)  # fmt: skip
GPU_NOT_REQUESTED: Final = _rule(
    "gpu-not-requested", Stage.PARSE, _W, "the script works with a GPU and asks for none",
    "add --gres=gpu:1 or --gpus=1",
)  # fmt: skip
GPU_UNUSED: Final = _rule(
    "gpu-unused", Stage.PARSE, _N, "the script asks for a GPU, and none of its commands can use one",
    "take the GPU request away",
)  # fmt: skip
GPU_LIST_TOO_LONG: Final = _rule(
    "gpu-list-too-long", Stage.PARSE, _W, "CUDA_VISIBLE_DEVICES names more GPUs than the job gets",
    "leave the variable to Slurm, or ask for as many GPUs",
)  # fmt: skip
ARRAY_INDEX_UNUSED: Final = _rule(
    "array-index-unused", Stage.PARSE, _N, "every task of the array seems to do the same",
    "use $SLURM_ARRAY_TASK_ID, unless the program reads it by itself",
)  # fmt: skip
ARRAY_NOT_REQUESTED: Final = _rule(
    "array-not-requested", Stage.PARSE, _N, "the script uses an array's index and asks for no array",
    "add --array, or say in a comment how the script is sent",
)  # fmt: skip
ARRAY_OFF_BY_ONE: Final = _rule(
    "array-off-by-one", Stage.PARSE, _E, "an index of the array points beside the list it is used on",
    "count as the list does: lines from 1, elements of a bash array from 0",
)  # fmt: skip
ARRAY_MISSES_LINES: Final = _rule(
    "array-misses-lines", Stage.PARSE, _W, "the array has another size than the file in the repository it indexes",
    "set the highest index to the number of lines",
)  # fmt: skip
ARRAY_IDS_HIGH: Final = _rule(
    "array-ids-high", Stage.PARSE, _N, "the array has ids above 1000, which a Slurm with default settings refuses",
    "ask the site for MaxArraySize, or let each task do several parts",
)  # fmt: skip
OUTPUT_FOLDER_LATE: Final = _rule(
    "output-folder-late", Stage.PARSE, _W, "the script makes the folder of its log, after Slurm opened the log",
    "make the folder before sbatch is called; without it the job fails and leaves no log",
)  # fmt: skip
OUTPUT_FOLDER_MISSING: Final = _rule(
    "output-folder-missing", Stage.PARSE, _N, "the repository does not hold the log's folder, and Slurm makes none",
    "keep the folder in the repository with an empty .gitkeep, or make it before sbatch is called",
)  # fmt: skip
OUTPUT_OVERWRITTEN: Final = _rule(
    "output-overwritten", Stage.PARSE, _W, "all tasks of the array write to one log, each over the others",
    "put %a into the name: --output=name-%A_%a.out",
)  # fmt: skip
OUTPUT_PATTERN_UNKNOWN: Final = _rule(
    "output-pattern-unknown", Stage.PARSE, _W, "sbatch does not know this % pattern and keeps it as it stands",
    "use %j, %x, %A, %a, %N, %u, or %% for a percent sign",
)  # fmt: skip
REQUEUE_TRUNCATES_OUTPUT: Final = _rule(
    "requeue-truncates-output", Stage.PARSE, _N, "a job that is queued again writes over the log of its first run",
    "add --open-mode=append",
)  # fmt: skip
OUTPUT_WITHOUT_ARRAY: Final = _rule(
    "output-without-array", Stage.PARSE, _N, "%a stands in a log's name, and the job is no array",
    "write %j for the number of the job, or give --array",
)  # fmt: skip
VARIABLE_UNSET: Final = _rule(
    "variable-unset", Stage.PARSE, _W, "Slurm does not set this variable under the options of the script",
    "give the option that sets it, or a default: ${NAME:-1}",
)  # fmt: skip
VARIABLE_UNKNOWN: Final = _rule(
    "variable-unknown", Stage.PARSE, _W, "Slurm sets no variable of this name, but one that looks like it",
    "write the name that Slurm sets",
)  # fmt: skip
COUNTS_AS_NUMBER: Final = _rule(
    "counts-as-number", Stage.PARSE, _W, "the counts of several nodes, 4(x2), are used as one number",
    "write $SLURM_NTASKS_PER_NODE or $SLURM_CPUS_ON_NODE, or cut the list: ${SLURM_TASKS_PER_NODE%%(*}",
)  # fmt: skip
RANK_EXPANDED_EARLY: Final = _rule(
    "rank-expanded-early", Stage.PARSE, _W, "the batch shell expands a rank variable, so that all tasks get 0",
    "let the task's shell expand it: srun bash -c '... $SLURM_PROCID'",
)  # fmt: skip
ENVIRONMENT_CUT_OFF: Final = _rule(
    "environment-cut-off", Stage.PARSE, _W, "--export keeps a variable out of the job that the script uses",
    "name the variable in --export, or set it in the script",
)  # fmt: skip
TASKS_WITHOUT_LAUNCHER: Final = _rule(
    "tasks-without-launcher", Stage.PARSE, _W, "several tasks are asked for, and one process with threads is started",
    "write --ntasks=1 --cpus-per-task=N for threads, or start the tasks with srun",
)  # fmt: skip
NODES_WITHOUT_LAUNCHER: Final = _rule(
    "nodes-without-launcher", Stage.PARSE, _W, "several nodes are asked for, and the script runs on the first alone",
    "start the program with srun, or ask for one node",
)  # fmt: skip
THREADS_MISMATCH: Final = _rule(
    "threads-mismatch", Stage.PARSE, _W, "the script starts more threads than a task has CPUs",
    "export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK, and set --cpus-per-task",
)  # fmt: skip
EXCLUSIVE_SMALL: Final = _rule(
    "exclusive-small", Stage.PARSE, _N, "a whole node is taken for a few CPUs",
    "take --exclusive away, or ask for what the node has",
)  # fmt: skip
PROCESSES_EXCEED_GPUS: Final = _rule(
    "processes-exceed-gpus", Stage.PARSE, _W, "a launcher starts more processes than there are GPUs",
    "start one process a GPU, or ask for as many GPUs as there are processes",
)  # fmt: skip
STEP_LARGER_THAN_JOB: Final = _rule(
    "step-larger-than-job", Stage.PARSE, _W, "a step asks for more than the job has",
    "ask for as much in the directives as the steps need together",
)  # fmt: skip
STEP_LOSES_CPUS: Final = _rule(
    "step-loses-cpus", Stage.PARSE, _W, "srun of this release does not take --cpus-per-task from the job",
    "write srun --cpus-per-task=$SLURM_CPUS_PER_TASK, or export SRUN_CPUS_PER_TASK",
)  # fmt: skip
INTERACTIVE_STEP: Final = _rule(
    "interactive-step", Stage.PARSE, _W, "a batch job has no terminal for this command",
    "start the program itself; interactive work goes with salloc or srun from the login node",
)  # fmt: skip
BACKGROUND_WITHOUT_WAIT: Final = _rule(
    "background-without-wait", Stage.PARSE, _W, "the script ends while its background work runs, and Slurm kills it",
    "write `wait` as the last line",
)  # fmt: skip
LAUNCHER_TWICE: Final = _rule(
    "launcher-twice", Stage.PARSE, _W, "a launcher is started once a task, and each starts all processes again",
    "use one launcher, or start the inner one once a node: --ntasks-per-node=1",
)  # fmt: skip
SIGNAL_UNHEARD: Final = _rule(
    "signal-unheard", Stage.PARSE, _W, "the signal of --signal does not reach what should hear it",
    "with B: set a trap, run the program with & and wait; without B: start it with srun",
)  # fmt: skip
MAIL_WITHOUT_TYPE: Final = _rule(
    "mail-without-type", Stage.PARSE, _W, "an address is given, and no mail is ever sent",
    "add --mail-type=END,FAIL",
)  # fmt: skip
MAIL_WITHOUT_USER: Final = _rule(
    "mail-without-user", Stage.PARSE, _N, "mail goes to the login name on the cluster, which few people read",
    "add --mail-user=ADDRESS",
)  # fmt: skip
PLACEHOLDER_VALUE: Final = _rule(
    "placeholder-value", Stage.PARSE, _W, "a value looks like the example of a manual",
    "fill in what is meant",
)  # fmt: skip
TILDE_IN_DIRECTIVE: Final = _rule(
    "tilde-in-directive", Stage.PARSE, _W, "sbatch does not expand ~ and looks for a folder of that name",
    "write the path in full",
)  # fmt: skip
TILDE_IN_QUOTES: Final = _rule(
    "tilde-in-quotes", Stage.PARSE, _W, "the shell does not expand ~ in quotes",
    "write $HOME, or take the ~ out of the quotes",
)  # fmt: skip
NODELIST_PINNED: Final = _rule(
    "nodelist-pinned", Stage.PARSE, _N, "the job waits for nodes by name",
    "ask for what the node has: --constraint, --gres or --partition",
)  # fmt: skip
DEPENDENCY_PINNED: Final = _rule(
    "dependency-pinned", Stage.PARSE, _W, "the job waits for one job of the past by its number",
    "give --dependency on the command line",
)  # fmt: skip
SCRIPT_FOLDER_SPOOLED: Final = _rule(
    "script-folder-spooled", Stage.PARSE, _W, "the script looks for its folder, and Slurm runs a copy from elsewhere",
    "use $SLURM_SUBMIT_DIR, or what `scontrol show job $SLURM_JOB_ID` says behind Command=",
)  # fmt: skip
CONTINUATION_CUT: Final = _rule(
    "continuation-cut", Stage.PARSE, _W, "a blank behind the \\ at the end of a line cuts the command in two",
    "delete the blanks at the end of the line",
)  # fmt: skip
ASSIGNMENT_SPACED: Final = _rule(
    "assignment-spaced", Stage.PARSE, _W, "an assignment has blanks around its =, so the shell runs it as a command",
    "write NAME=VALUE without blanks",
)  # fmt: skip

LINT_ONLY: Final = frozenset(RULES) - _WALKED
