"""Every setting, on one page: name, kind, what is valid, and one sentence for help, schema and README.

A setting has one name: ``fail-on`` in files and arguments, ``S2R_FAIL_ON`` outside, ``fail_on`` in code. Its
default stands in :class:`s2r_ci.settings.Settings`. What a manifest depends on has the scope ``conversion`` and may
also be said in the settings file of a folder; the scope ``run`` belongs to the whole run.
"""

from typing import Final, NamedTuple

RUN: Final = "run"
CONVERSION: Final = "conversion"

# One regular expression per kind of name. They are part of the schema too, so: what Python
# and ECMAScript read alike.
PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
FILLED: Final = r"^[^\x00-\x1f\x7f]+$"
NAME: Final = r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$"
FULL_NAME: Final = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
LABEL: Final = r"^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
LABEL_KEY: Final = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
OPTIONAL_LABEL_KEY: Final = f"^({LABEL_KEY[1:-1]})?$"
VARIABLE: Final = r"^[A-Za-z_][A-Za-z0-9_]*$"
IMAGE: Final = r"^([A-Za-z0-9][A-Za-z0-9_.:/@-]{0,510})?$"
FULL_IMAGE: Final = r"^[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,510}$"
CLAIM: Final = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$"
SUB_PATH: Final = r"^(?!(.*/)?\.\.(/|$))([^/\x00-\x1f\x7f][^\x00-\x1f\x7f]*)?$"
RESOURCE: Final = r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
IDENTIFIER: Final = r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,126})?$"
UUID: Final = r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"
ANY: Final = r"^[^\x00]*$"
FOLDER: Final = r"^(/[^\x00-\x1f\x7f]*)?$"
ABSOLUTE: Final = r"^/[^\x00-\x1f\x7f]*$"
MEMORY: Final = r"^([1-9][0-9]{0,11} ?[KMGTkmgt]([iI]?[bB]?))?$"
BRANCH: Final = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"
BRANCH_SAYS: Final = "lower-case letters, digits and dashes"
OPTION: Final = r"^--[a-z][a-z0-9-]*(=[^\x00-\x1f\x7f]+)?$"
FORMAT: Final = r"^[a-z][a-z0-9-]*(=[^\x00-\x1f\x7f]+)?$"
PATTERN: Final = r"^(?!(.*/)?\.\./)([^{}/\x00-\x1f\x7f][^{}\x00-\x1f\x7f]*)?\{(name|path)\}\.[^{}/\x00-\x1f\x7f]+$"
ADDRESS: Final = r"^(https?://[^\x00-\x20\x7f]+)?$"
KEY_ID: Final = r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$"
ALIAS: Final = r"^([a-z0-9][a-z0-9._-]{0,63})?$"
MONEY: Final = r"^([0-9]{1,6}(\.[0-9]{1,4})?)?$"

MEMORY_SAYS: Final = "an amount of memory with its unit, such as 32G"
NAME_SAYS: Final = "a Kubernetes name: lower-case letters, digits and '-', at most 63"
QUESTION: Final = r"^(?!image$)[a-z]([a-z-]*[a-z])?(\.[^\x00-\x1f\x7f]+)?$"
QUESTION_SAYS: Final = "the key of a question other than image, such as submits or partition.gpu"
OPTION_SAYS: Final = "a long option of sbatch, such as --gpus-per-node=4"
IMAGE_SAYS: Final = "a container image, such as team/train:1.4"
CLAIM_SAYS: Final = "the name of a PersistentVolumeClaim"
KEY_ID_SAYS: Final = "a key id: letters, digits, '.', '_' and '-', at most 64"
ALIAS_SAYS: Final = "the alias of a model, such as sonnet"
FOLDER_SAYS: Final = "an absolute path, such as /workspace"


class Key(NamedTuple):
    """One setting. ``kind`` is text, texts, choice, number, count, switch, site or answers."""

    name: str
    kind: str
    says: str
    scope: str = RUN
    words: tuple[str, ...] = ()  # of a choice
    reserved: tuple[str, ...] = ()  # words of a choice that a later release will know
    low: int = 0
    high: int = 0
    pattern: str = PLAIN
    expects: str = "text without control characters"

    @property
    def field(self) -> str:
        """The name in code: ``fail_on``."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """The name in the environment: ``S2R_FAIL_ON``; empty where only a file can hold the value."""
        return "" if self.kind in ("site", "answers") else f"S2R_{self.field.upper()}"


# fmt: off
_ALL: Final = (
    # --- what is looked at
    Key("paths", "texts", "files and folders to scan; none: the whole repository", pattern=FILLED),
    Key("include", "texts", "globs: only files that match one of them are looked at", pattern=FILLED),
    Key("exclude", "texts", "globs: files that match one of them are left out", pattern=FILLED),
    Key("changed-since", "text", "look only at files that changed since this Git revision"),
    Key("max-files", "number", "most files that one run may look at", low=1, high=100_000_000),
    Key("max-scripts", "number", "most batch scripts that one run may hold", low=1, high=10_000_000),
    Key("max-file-bytes", "number", "larger files are not read as scripts", low=1, high=1_073_741_824),
    # --- how it is reported
    Key("format", "texts", "formats of the report, WORD or WORD=FILE", pattern=FORMAT,
        expects="WORD or WORD=FILE, such as text or sarif=report.sarif"),
    Key("fail-on", "choice", "the lowest level that fails the run", words=("note", "warning", "error")),
    Key("baseline", "text", "a report of an earlier run; only findings that it does not hold count"),
    Key("allow-missing", "switch", "a convertible script without a manifest is no finding"),
    Key("quiet", "switch", "say only what is wrong"),
    Key("verbose", "count", "say more; twice: everything", high=3),
    Key("color", "choice", "colour in the text report", words=("auto", "always", "never")),
    # --- how it runs
    Key("jobs", "number", "scripts worked on at once; 0: one for each CPU", high=1024),
    Key("manifest-pattern", "text", "where manifests lie: {name} beside the script, {path} below the scanned root",
        pattern=PATTERN, expects="a relative path with {name} or {path} and an ending behind it"),
    Key("reverify", "switch", "judge manifests anew even where their header says that they are current"),
    Key("overwrite", "switch", "replace files that s2r-ci did not write, and manifests edited by hand"),
    # --- the conversion service
    Key("api-endpoint", "text", "address of the conversion service; its key comes by S2R_SHARED_SECRET",
        pattern=ADDRESS, expects="an address that begins with https://"),
    Key("key-id", "text", "id of the key that signs requests to the service; oidc: one for the workflow's token",
        pattern=KEY_ID, expects=KEY_ID_SAYS),
    Key("model", "text", "alias of the model that the service shall ask; none: the service's default",
        pattern=ALIAS, expects=ALIAS_SAYS),
    Key("send", "choice", "which scripts go to the service: all, or the residue that rules left questions in",
        words=("all", "residue")),
    Key("redact", "choice", "what becomes of a script that seems to hold a secret: sent without it, or not at all",
        words=("redact", "refuse")),
    Key("in-flight", "number", "requests to the service at once", low=1, high=64),
    Key("max-requests", "number", "most scripts that one run sends to the service; 0: no limit", high=1_000_000),
    Key("max-cost", "text", "most US dollars that one run may cost by estimate; none: no limit", pattern=MONEY,
        expects="an amount of US dollars, such as 2.50"),
    Key("deadline", "number", "seconds after which a run sends nothing more to the service", low=1, high=86_400),
    Key("on-service-failure", "choice", "where the service gives no answer: convert by rules, or not at all",
        words=("rules", "fail")),
    # --- how pull requests are made
    Key("pr-grouping", "choice", "which manifests share a pull request", words=("script", "directory", "owner", "all")),
    Key("pr-limit", "number", "most pull requests that may be open at a time; 0: no limit", high=1000),
    Key("branch-prefix", "text", "what the branches of pull requests begin with", pattern=BRANCH, expects=BRANCH_SAYS),
    Key("labels", "texts", "labels of the pull requests", pattern=FILLED),
    Key("reviewers", "texts", "who is asked for a review: a login, or ORGANISATION/TEAM", pattern=FILLED),
    Key("draft", "switch", "pull requests are opened as drafts"),
    Key("dashboard", "switch", "keep an issue with a check-box for each script"),
    # --- what a manifest depends on
    Key("converter", "choice", "who writes the manifest; auto: the service where one is set up, else rules",
        CONVERSION, words=("auto", "rules", "service"), reserved=("bedrock",)),
    Key("target", "choice", "the form of the manifest", CONVERSION,
        words=("kubernetes", "kai", "v2alpha1", "rest", "cli")),
    Key("runai-release", "choice", "the Run:ai release that will take the manifest", CONVERSION,
        words=("2.24", "2.25", "2.26", "3.0")),
    Key("slurm-version", "choice", "the Slurm release whose sbatch the scripts were written for", CONVERSION,
        words=("22.05", "24.11", "26.05")),
    Key("project", "text", "the Run:ai project, where the account says nothing", CONVERSION, pattern=NAME,
        expects=NAME_SAYS),
    Key("namespace", "text", "the namespace, where it is not runai-PROJECT", CONVERSION, pattern=NAME,
        expects=NAME_SAYS),
    Key("project-id", "text", "the project's number in the REST API (target rest)", CONVERSION, pattern=IDENTIFIER,
        expects="the number or name that the API gives the project"),
    Key("cluster-id", "text", "the cluster's UUID in the REST API (target rest)", CONVERSION, pattern=UUID,
        expects="a UUID, such as 71f69d83-ba66-4822-adf5-55ce55efd210"),
    Key("image", "text", "the container image for scripts that name none", CONVERSION, pattern=IMAGE,
        expects=IMAGE_SAYS),
    Key("working-directory", "text", "the folder in the container in which scripts start", CONVERSION,
        pattern=FOLDER, expects=FOLDER_SAYS),
    Key("memory", "text", "memory for scripts that ask for none or for all of a node", CONVERSION, pattern=MEMORY,
        expects=MEMORY_SAYS),
    Key("shards-per-gpu", "number", "how many shards (--gres=shard) are one GPU; 0: ask", CONVERSION, high=1024),
    Key("topology", "text", "the scheduler's Topology object, for --switches and --segment", CONVERSION, pattern=NAME,
        expects=NAME_SAYS),
    Key("topology-level", "text", "the node label that says below which switch a node is", CONVERSION,
        pattern=OPTIONAL_LABEL_KEY, expects="the key of a node label, such as topology.example.com/switch"),
    Key("body-delivery", "choice", "how scripts reach the container: in the manifest, or in a mounted checkout",
        CONVERSION, words=("embedded", "mounted")),
    Key("image-allow", "texts", "further images that a manifest may name", CONVERSION, pattern=FILLED),
    Key("crd", "texts", "files of the site's own CustomResourceDefinitions, which count instead of the shipped schemas",
        pattern=FILLED),
    Key("accepted", "texts", "keys of questions that are not asked: looked at, and taken as it is", CONVERSION,
        pattern=QUESTION, expects=QUESTION_SAYS),
    Key("site", "site", "the site map: names of the old cluster to names of the new one", CONVERSION),
    Key("answers", "answers", "what only a person knows, for the scripts that a glob names", CONVERSION),
)
# fmt: on
KEYS: Final[dict[str, Key]] = {key.name: key for key in _ALL}

SECRETS: Final = ("shared-secret", "token")  # never in a file, never an argument

SITE_KEYS: Final = ("partitions", "accounts", "qos", "gpus", "features", "modules", "volumes", "gres")
ANSWER_KEYS: Final = (
    "scripts",
    "image",
    "memory",
    "gpus",
    "arguments",
    "variables",
    "working-directory",
    "accepted",
    "options",
    "mounts",
)
SERVICE_KEYS: Final = ("priority", "preemptibility")
VOLUME_KEYS: Final = ("claim", "mount-path", "sub-path", "read-only")
MOST_GPUS: Final = 1024  # in one answer
PRIORITIES: Final = ("very-low", "low", "medium-low", "medium", "medium-high", "high", "very-high")
PREEMPTIBILITIES: Final = ("preemptible", "non-preemptible")
