"""The settings of a deployment, from its environment. The names of the first s2r keep working.

| variable | means | default |
|---|---|---|
| ``S2R_SERVICE_KEYS``, ``..._KEYS_FILE``, ``..._KEYS_ARN`` | keys as JSON: value, file, secret in Secrets Manager | |
| ``SHARED_SECRET``, ``S2R_SHARED_SECRET`` | one key for all callers | |
| ``S2R_AUDIENCES`` | origins under which the deployment is reached, comma-separated | |
| ``S2R_STORE`` | ``memory``, ``file:PATH`` or ``dynamodb`` | ``dynamodb`` |
| ``S2R_TABLE``, ``S2R_HISTORY_TABLE`` | tables | ``s2r-service``, ``s2r-history`` |
| ``RATE_LIMIT_TABLE`` | table of the subject ``ip`` | ``s2r-rate-limits`` |
| ``S2R_LIMIT_SUBJECT`` | ``key``, ``repository`` or ``ip`` (as the first s2r) | ``key`` |
| ``S2R_DAILY_LIMIT``, ``MAX_REQUESTS_PER_IP_PER_DAY`` | conversions a day and subject | 100 |
| ``S2R_REPOSITORY_LIMIT`` | conversions a day and repository | 100 |
| ``S2R_TOKEN_BUDGET`` | tokens a day, all callers together | 5000000 |
| ``S2R_FAILURE_LIMIT`` | failed authentications a minute and address before 429 | 60 |
| ``S2R_REQUEST_SECONDS`` | time of one request | 60 |
| ``S2R_CONVERTER`` | ``bedrock`` or ``rules`` | ``bedrock`` |
| ``S2R_MODEL``, ``S2R_MODELS``, ``BEDROCK_MODEL_ID`` | default alias, allowed aliases, id of the default | ``sonnet`` |
| ``S2R_MODEL_FALLBACK`` | aliases or profiles to try, in order, when a model is gone | none |
| ``S2R_STRICT_TOOLS`` | the provider holds answers to the schema: ``on`` after ``model.warm``, or ``off`` | ``off`` |
| ``S2R_GUARDRAIL`` | ``ID:VERSION`` of a guardrail that looks at scripts first | none |
| ``S2R_ALLOW_GLOBAL`` | profiles that may leave the geography | ``false`` |
| ``S2R_LEGACY_RAW`` | raw scripts, as clients of the first s2r send them | ``true`` |
| ``S2R_CORS_ORIGINS`` | origins of browsers, comma-separated | none |
| ``S2R_DOCS`` | the page ``/docs`` | ``false`` |
| ``S2R_HISTORY_DAYS`` | how long a conversation is kept | 30 |
| ``S2R_OIDC_REPOSITORIES``, ``S2R_OIDC_OWNERS`` | ids whose workflows get keys for their tokens | none |
| ``S2R_OIDC_EVENTS`` | events of workflows that do | as ``oidc.sessions.EVENTS`` |
| ``S2R_OIDC_REFS``, ``..._ENVIRONMENTS``, ``..._WORKFLOWS`` | only these, exactly (``job_workflow_ref``) | any |
| ``S2R_OIDC_ISSUER``, ``S2R_OIDC_KEYS_URL`` | issuer, and its key set | GitHub's |
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, NoReturn

from s2r_ci.errors import ConfigurationError

SUBJECTS: Final = ("key", "repository", "ip")
CONVERTERS: Final = ("bedrock", "rules")
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}")
_GUARDRAIL: Final = re.compile(r"|[A-Za-z0-9:/._-]{1,2048}:(?:DRAFT|[1-9][0-9]{0,7})")
_ISSUER: Final = re.compile(  # encrypted, but on this machine
    r"|https://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?[\w./-]{0,512}|http://127\.0\.0\.1(?::[0-9]{1,5})?[\w./-]{0,512}",
    re.ASCII,
)
_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("0", "false", "no", "off")
MOST_LIMIT: Final = 10**9


class ServiceSettings(NamedTuple):
    """Everything that a deployment sets, checked."""

    audiences: frozenset[str] = frozenset()
    store: str = "dynamodb"
    table: str = "s2r-service"
    history_table: str = "s2r-history"
    legacy_table: str = "s2r-rate-limits"
    limit_subject: str = "key"
    daily_limit: int = 100
    repository_limit: int = 100
    token_budget: int = 5_000_000
    failure_limit: int = 60
    request_s: int = 60
    converter: str = "bedrock"
    model: str = ""
    model_id: str = ""
    models: tuple[str, ...] = ()
    model_fallback: tuple[str, ...] = ()
    strict_tools: str = "off"
    guardrail: str = ""
    allow_global: bool = False
    legacy_raw: bool = True
    cors_origins: frozenset[str] = frozenset()
    docs: bool = False
    history_days: int = 30
    oidc_repositories: frozenset[str] = frozenset()
    oidc_owners: frozenset[str] = frozenset()
    oidc_events: frozenset[str] = frozenset()
    oidc_refs: frozenset[str] = frozenset()
    oidc_environments: frozenset[str] = frozenset()
    oidc_workflows: frozenset[str] = frozenset()
    oidc_issuer: str = ""
    oidc_keys_url: str = ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should know at the start."""
        if self.limit_subject != "ip":
            return ()
        return (
            "the limit's subject is the address: hosted runners share addresses, so callers use up each other's",
        )


def read_settings(environ: Mapping[str, str]) -> ServiceSettings:
    """The settings of an environment. Raises ConfigurationError that names the variable."""
    given = _Given(environ)
    return ServiceSettings(
        audiences=frozenset(given.origins("S2R_AUDIENCES")),
        store=given.word("S2R_STORE", "dynamodb", re.compile(r"memory|dynamodb|file:.+")),
        table=given.text("S2R_TABLE", default="s2r-service"),
        history_table=given.text("S2R_HISTORY_TABLE", default="s2r-history"),
        legacy_table=given.text("RATE_LIMIT_TABLE", default="s2r-rate-limits"),
        limit_subject=given.word("S2R_LIMIT_SUBJECT", "key", re.compile("|".join(SUBJECTS))),
        daily_limit=given.number("S2R_DAILY_LIMIT", "MAX_REQUESTS_PER_IP_PER_DAY", default=100, high=MOST_LIMIT),
        repository_limit=given.number("S2R_REPOSITORY_LIMIT", default=100, high=MOST_LIMIT),
        token_budget=given.number("S2R_TOKEN_BUDGET", default=5_000_000, high=10**12),
        failure_limit=given.number("S2R_FAILURE_LIMIT", default=60, high=10**6),
        request_s=given.number("S2R_REQUEST_SECONDS", default=60, low=5, high=900),
        converter=given.word("S2R_CONVERTER", "bedrock", re.compile("|".join(CONVERTERS))),
        model=given.text("S2R_MODEL"),
        model_id=given.text("BEDROCK_MODEL_ID"),
        models=given.several("S2R_MODELS"),
        model_fallback=given.several("S2R_MODEL_FALLBACK"),
        strict_tools=given.word("S2R_STRICT_TOOLS", "off", re.compile("on|off")),
        guardrail=given.word("S2R_GUARDRAIL", "", _GUARDRAIL),
        allow_global=given.switch("S2R_ALLOW_GLOBAL", default=False),
        legacy_raw=given.switch("S2R_LEGACY_RAW", default=True),
        cors_origins=frozenset(given.origins("S2R_CORS_ORIGINS")),
        docs=given.switch("S2R_DOCS", default=False),
        history_days=given.number("S2R_HISTORY_DAYS", default=30, low=1, high=3650),
        oidc_repositories=given.ids("S2R_OIDC_REPOSITORIES"),
        oidc_owners=given.ids("S2R_OIDC_OWNERS"),
        oidc_events=frozenset(given.several("S2R_OIDC_EVENTS")),
        oidc_refs=frozenset(given.several("S2R_OIDC_REFS")),
        oidc_environments=frozenset(given.several("S2R_OIDC_ENVIRONMENTS")),
        oidc_workflows=frozenset(given.several("S2R_OIDC_WORKFLOWS")),
        oidc_issuer=given.word("S2R_OIDC_ISSUER", "", _ISSUER),
        oidc_keys_url=given.word("S2R_OIDC_KEYS_URL", "", _ISSUER),
    )


class _Given:
    """The environment, read by name; where several names are given, the first that is set counts."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, *names: str, default: str = "") -> str:
        return next((self._environ[name] for name in names if self._environ.get(name)), default)

    def word(self, name: str, default: str, form: re.Pattern[str]) -> str:
        value = self.text(name, default=default)
        if not form.fullmatch(value):
            _wrong(name, f"one of {form.pattern.replace('|', ', ')}")
        return value

    def number(self, *names: str, default: int, low: int = 0, high: int) -> int:
        text = self.text(*names, default=str(default))
        if not re.fullmatch(r"[0-9]{1,13}", text, re.ASCII) or not low <= int(text) <= high:
            _wrong(" or ".join(names), f"a whole number from {low} to {high:,}")
        return int(text)

    def switch(self, name: str, *, default: bool) -> bool:
        word = self.text(name, default=str(default)).lower()
        if word not in (*_TRUE, *_FALSE):
            _wrong(name, "true or false")
        return word in _TRUE

    def several(self, name: str) -> tuple[str, ...]:
        return tuple(word for part in self.text(name).split(",") if (word := part.strip()))

    def ids(self, name: str) -> frozenset[str]:
        found = self.several(name)
        if not all(re.fullmatch(r"[0-9]{1,20}", each, re.ASCII) for each in found):
            _wrong(name, "a list of numbers: ids, not names, which can be given to somebody else")
        return frozenset(found)

    def origins(self, name: str) -> tuple[str, ...]:
        found = self.several(name)
        if not all(_ORIGIN.fullmatch(each) for each in found):
            _wrong(name, "a list of origins, such as https://service.example.com")
        return found


def _wrong(name: str, expected: str) -> NoReturn:
    raise ConfigurationError(f"{name} must be {expected}", where=name)


def public(settings: ServiceSettings) -> dict[str, Any]:
    """What anybody may know of a deployment."""
    return {"script_octets": 51_200, "envelope_octets": 131_072, "request_seconds": settings.request_s}
