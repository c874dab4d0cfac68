"""The settings themselves: one frozen value, its defaults, and what it says for one script."""

from functools import cached_property

from s2r_ci.frozen import field, frozen
from s2r_ci.model import Level, Site, Target
from s2r_ci.settings.globs import expression, head
from s2r_ci.settings.site import Answer
from s2r_ci.settings.values import memory_mib


@frozen
class Settings:
    """Everything that can be set; ``s2r_ci.settings.keys`` says what each means and what is valid.

    Paths (``paths``, ``baseline``, ``crd``, the FILE of ``format``) count from the working directory, globs
    from the root.
    """

    paths: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    changed_since: str = ""
    max_files: int = 1_000_000
    max_scripts: int = 50_000
    max_file_bytes: int = 1_048_576

    format: tuple[str, ...] = ("text",)
    fail_on: Level = Level.ERROR
    baseline: str = ""
    allow_missing: bool = False
    quiet: bool = False
    verbose: int = 0
    color: str = "auto"

    jobs: int = 0
    manifest_pattern: str = "{name}.runai.yaml"
    reverify: bool = False
    overwrite: bool = False

    pr_grouping: str = "directory"
    pr_limit: int = 10
    branch_prefix: str = "s2r"
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    draft: bool = False
    dashboard: bool = False

    api_endpoint: str = ""
    key_id: str = ""
    model: str = ""
    send: str = "all"
    redact: str = "redact"
    in_flight: int = 8
    max_requests: int = 0
    max_cost: str = ""
    deadline: int = 900
    on_service_failure: str = "rules"

    converter: str = "auto"
    target: str = "kubernetes"
    runai_release: str = "2.25"
    slurm_version: str = "24.11"
    project: str = ""
    namespace: str = ""
    project_id: str = ""
    cluster_id: str = ""
    image: str = ""
    working_directory: str = ""
    memory: str = ""
    shards_per_gpu: int = 0
    topology: str = ""
    topology_level: str = ""
    body_delivery: str = "embedded"
    image_allow: tuple[str, ...] = ()
    crd: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    site: Site = field(default_factory=Site)
    answers: tuple[Answer, ...] = ()

    def manifest_path(self, script: str) -> str:
        """Where the manifest of a script lies, relative to the root as the script's own path is.

        >>> Settings().manifest_path("jobs/train.sh")
        'jobs/train.sh.runai.yaml'
        >>> Settings(manifest_pattern="runai/{path}.runai.yaml").manifest_path("jobs/train.sh")
        'runai/jobs/train.sh.runai.yaml'
        >>> Settings(target="cli").manifest_path("jobs/train.sh")
        'jobs/train.sh.runai.sh'
        """
        pattern = self._pattern
        if "{path}" in pattern:
            return pattern.replace("{path}", script)
        folder, slash, name = script.rpartition("/")
        return folder + slash + pattern.replace("{name}", name)

    def script_path(self, manifest: str) -> str:
        """The script whose manifest lies at this path; empty where no script's would.

        >>> Settings().script_path("jobs/train.sh.runai.yaml"), Settings().script_path("jobs/config.yaml")
        ('jobs/train.sh', '')
        """
        mark = "{path}" if "{path}" in self._pattern else "{name}"
        begin, _, end = self._pattern.partition(mark)
        folder, slash, name = ("", "", manifest) if mark == "{path}" else manifest.rpartition("/")
        inside = name.startswith(begin) and name.endswith(end) and len(name) > len(begin) + len(end)
        return folder + slash + name[len(begin) : len(name) - len(end)] if inside else ""

    @property
    def _pattern(self) -> str:
        if self.target == "cli" and self.manifest_pattern.endswith(".yaml"):
            return self.manifest_pattern.removesuffix(".yaml") + ".sh"  # what it holds is a shell script
        return self.manifest_pattern

    def target_for(self, path: str) -> Target:
        """What the manifest of a script depends on, its answers applied; equal answers give the same object."""
        return self._targets.for_script(path)

    @cached_property
    def _targets(self) -> "_Targets":
        return _Targets(self)


def matches(answer: Answer, glob: str, path: str) -> bool:
    """Whether one glob of an answer names a script, by its path relative to the root."""
    folder = f"{answer.folder}/" if answer.folder else ""
    return path.startswith(folder) and expression(glob).fullmatch(path, len(folder)) is not None


class _Targets:
    """The targets of one Settings, made once for each different set of answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        folders = [f"{answer.folder}/" if answer.folder else "" for answer in settings.answers]
        self._globs = [
            (number, folder + head(glob), expression(glob).fullmatch, len(folder))
            for number, folder in enumerate(folders)
            for glob in settings.answers[number].scripts
        ]
        self._by_answers: dict[tuple[int, ...], Target] = {}
        self._by_values: dict[tuple[object, ...], Target] = {}

    def for_script(self, path: str) -> Target:
        said = tuple(
            number for number, begins, match, start in self._globs if path.startswith(begins) and match(path, start)
        )
        target = self._by_answers.get(said)
        if target is None:
            target = self._by_answers[said] = self._make(said)
        return target

    def _make(self, said: tuple[int, ...]) -> Target:
        values: dict[str, object] = {}
        variables: dict[str, str] = {}
        accepted = set(self._settings.accepted)  # what is accepted adds up, from wherever it is said
        for number in said:
            answer = self._settings.answers[number].values
            values |= answer
            variables |= answer.get("variables", {})  # type: ignore[call-overload]  # site.read_answers checked it
            accepted.update(answer.get("accepted", ()))  # type: ignore[arg-type]  # as above
        if variables:
            values["variables"] = variables
        values["accepted"] = tuple(sorted(accepted))
        known = (
            *((name, value) for name, value in sorted(values.items()) if name != "variables"),
            *sorted(variables.items()),
        )
        if known not in self._by_values:
            self._by_values[known] = _target(self._settings, values)
        return self._by_values[known]


def _target(settings: Settings, values: dict[str, object]) -> Target:
    memory = str(values.pop("memory", settings.memory))
    given = {
        "working_directory": settings.working_directory,
        **values,
    }
    return Target(
        name=settings.target,
        runai_release=settings.runai_release,
        slurm_version=settings.slurm_version,
        converter=settings.converter,
        project=settings.project,
        namespace=settings.namespace,
        project_id=settings.project_id,
        cluster_id=settings.cluster_id,
        default_image=settings.image,
        memory_mib=memory_mib(memory),
        shards_per_gpu=settings.shards_per_gpu,
        topology=settings.topology,
        topology_level=settings.topology_level,
        body_delivery=settings.body_delivery,
        image_allow=settings.image_allow,
        crd=settings.crd,
        site=settings.site,
        **given,  # type: ignore[arg-type]  # site.read_answers has checked every value
    )
