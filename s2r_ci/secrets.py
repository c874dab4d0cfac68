"""Secrets written into a text: where they stand, and the text without them.

Detectors are of two sorts. A *shape* is known by how the value itself looks (``AKIA...``, a private key). A *name* is
known by what it is called (``WANDB_API_KEY=...``, ``--password ...``), and then the value must not be a variable,
a placeholder, a path or anything else that is plainly no secret. A detector runs only where its needle occurs, and
every pattern begins with a literal and has bounded repeats, so that the time is linear in the text.

Sources of the shapes: the issuers' own documentation of their token formats.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

_REDACTED: Final = re.compile(r"S2R_REDACTED_(\d+)__")
_PASSES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """Where a secret stands. The value itself is nowhere in here, so that nothing can print it."""

    kind: str  # aws-access-key, password, ...
    line: int  # from 1
    column: int  # from 1, in characters
    start: int  # offset in the text, in characters
    end: int


class _Shape(NamedTuple):
    kind: str
    needles: tuple[str, ...]  # lower case; one of them occurs wherever the pattern matches
    pattern: str  # group 1, where there is one, is the value
    strict: bool = True  # the value cannot be mistaken for prose, only for a placeholder
    wide: bool = False  # blanks may stand inside; all others are one long word


# --- by shape ----------------------------------------------------------------------------------------------

_B: Final = r"(?<![A-Za-z0-9_-])"  # a token begins
_E: Final = r"(?![A-Za-z0-9_-])"  # a token ends

_SHAPES: Final = (
    _Shape(
        "private-key",
        ("private key",),
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
        wide=True,
    ),
    _Shape(
        "aws-access-key",
        ("akia", "asia", "abia", "acca"),
        r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    ),
    _Shape("bedrock-api-key", ("absk",), _B + r"ABSK[A-Za-z0-9+/]{60,400}={0,2}"),
    _Shape("bedrock-api-key", ("bedrock-api-key-",), _B + r"bedrock-api-key-[A-Za-z0-9+/]{30,4000}={0,2}"),
    _Shape("github-token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), _B + r"gh[pousr]_[A-Za-z0-9]{30,255}" + _E),
    _Shape("github-fine-grained-token", ("github_pat_",), _B + r"github_pat_[A-Za-z0-9_]{22,255}" + _E),
    _Shape(
        "gitlab-token",
        ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-"),
        _B + r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_.-]{20,300}",
    ),
    _Shape("hugging-face-token", ("hf_", "api_org_"), _B + r"(?:hf_|api_org_)[A-Za-z0-9]{30,64}" + _E),
    _Shape("anthropic-key", ("sk-ant-",), _B + r"sk-ant-[A-Za-z0-9_-]{20,200}" + _E),
    _Shape("openrouter-key", ("sk-or-",), _B + r"sk-or-v1-[A-Za-z0-9]{32,128}" + _E),
    _Shape(
        "openai-key",
        ("sk-proj-", "sk-svcacct-", "sk-admin-"),
        _B + r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,200}" + _E,
    ),
    _Shape("openai-key", ("sk-",), _B + r"sk-(?=[A-Za-z]{0,64}\d)[A-Za-z0-9]{32,64}" + _E),
    _Shape(
        "slack-token",
        ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxo-", "xapp-"),
        _B + r"(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{16,255}",
    ),
    _Shape(
        "slack-webhook", ("hooks.slack.com",), r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9+/_-]{20,120})"
    ),
    _Shape("discord-webhook", ("/api/webhooks/",), r"/api/webhooks/(\d{10,25}/[A-Za-z0-9_-]{40,120})"),
    _Shape("ngc-key", ("nvapi-",), _B + r"nvapi-[A-Za-z0-9_-]{40,120}" + _E),
    _Shape("jwt", ("eyj",), _B + r"eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,2000}"),
    _Shape("npm-token", ("npm_",), _B + r"npm_[A-Za-z0-9]{36}" + _E),
    _Shape(
        "npm-token", ("_authtoken",), r"_authToken[ \t]{0,3}=[ \t]{0,3}([^\s\"'$]{8,255})", strict=False, wide=True
    ),
    _Shape("pypi-token", ("pypi-",), _B + r"pypi-[A-Za-z0-9_-]{50,300}" + _E),
    _Shape("docker-token", ("dckr_",), _B + r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,100}" + _E),
    _Shape("docker-auth", ('"auth"',), r'"auth"[ \t]{0,4}:[ \t]{0,4}"([A-Za-z0-9+/]{12,2000}={0,2})"', wide=True),
    _Shape("gcp-api-key", ("aiza",), _B + r"AIza[A-Za-z0-9_-]{35}" + _E),
    _Shape("gcp-oauth-token", ("ya29.",), _B + r"ya29\.[A-Za-z0-9_-]{20,500}"),
    _Shape(
        "gcp-service-account",
        ("private_key_id",),
        r'"private_key_id"[ \t]{0,4}:[ \t]{0,4}"([0-9a-f]{40})"',
        wide=True,
    ),
    _Shape(
        "azure-storage-key",
        ("accountkey=", "sharedaccesskey="),
        r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,100}={0,2})",
    ),
    _Shape("azure-sas", ("sig=",), r"[?&]sig=([A-Za-z0-9%+/]{40,120}={0,2})"),
    _Shape("stripe-key", ("_live_", "_test_"), _B + r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,128}" + _E),
    _Shape("twilio-key", ("sk",), r"SK(?<![A-Za-z0-9_-]SK)(?=[0-9a-f]{0,31}\d)[0-9a-f]{32}" + _E),
    _Shape("sendgrid-key", ("sg.",), _B + r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}" + _E),
    _Shape("telegram-bot-token", (":aa",), r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{30,36}" + _E),
    _Shape("databricks-token", ("dapi",), _B + r"dapi[0-9a-f]{32}(?:-\d)?" + _E),
    _Shape("digitalocean-token", ("_v1_",), _B + r"do[opr]_v1_[0-9a-f]{64}" + _E),
    _Shape("linear-key", ("lin_api_",), _B + r"lin_api_[A-Za-z0-9]{32,64}" + _E),
    _Shape("notion-token", ("ntn_",), _B + r"ntn_[A-Za-z0-9]{40,64}" + _E),
    _Shape("grafana-token", ("glsa_", "glc_"), _B + r"(?:glsa|glc)_[A-Za-z0-9+/=_]{32,400}"),
    _Shape("vault-token", ("hvs.", "hvb."), _B + r"hv[sb]\.[A-Za-z0-9_-]{24,300}"),
    _Shape("doppler-token", ("dp.",), _B + r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,80}"),
    _Shape("pulumi-token", ("pul-",), _B + r"pul-[0-9a-f]{40}" + _E),
    _Shape("replicate-token", ("r8_",), _B + r"r8_[A-Za-z0-9]{36,40}" + _E),
    _Shape("groq-key", ("gsk_",), _B + r"gsk_[A-Za-z0-9]{40,64}" + _E),
    _Shape("perplexity-key", ("pplx-",), _B + r"pplx-[A-Za-z0-9]{40,64}" + _E),
    _Shape("xai-key", ("xai-",), _B + r"xai-[A-Za-z0-9]{60,100}" + _E),
    _Shape("langsmith-key", ("lsv2_",), _B + r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}" + _E),
    _Shape("mailgun-key", ("key-",), _B + r"key-[0-9a-f]{32}" + _E),
    _Shape(
        "shopify-token", ("shpat_", "shpss_", "shpca_", "shppa_"), _B + r"shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}" + _E
    ),
    _Shape("age-key", ("age-secret-key-1",), r"AGE-SECRET-KEY-1[A-Z0-9]{50,64}"),
    _Shape("planetscale-token", ("pscale_",), _B + r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}"),
    _Shape("new-relic-key", ("nrak-",), _B + r"NRAK-[A-Z0-9]{27}" + _E),
    _Shape("rubygems-token", ("rubygems_",), _B + r"rubygems_[0-9a-f]{48}" + _E),
    _Shape("sentry-token", ("sntrys_", "sntryu_"), _B + r"sntry[su]_[A-Za-z0-9+/=_-]{40,400}"),
    _Shape("aws-presigned-url", ("x-amz-signature=",), r"X-Amz-Signature=([0-9a-f]{64})"),
    _Shape(
        "aws-presigned-url",
        ("awsaccesskeyid=",),
        r"AWSAccessKeyId=[^\s&\"']{4,128}&[^\s\"']{0,400}?Signature=([A-Za-z0-9%+/=]{16,100})",
        wide=True,
    ),
    _Shape("zenodo-token", ("access_token=",), r"[?&]access_token=([A-Za-z0-9._~-]{16,512})"),
    _Shape(
        "url-credentials",
        ("://",),
        r"://[^\s:/@\"'<>$`{}\[\]]{0,128}:([^\s/@\"'<>]{1,256})@[A-Za-z0-9\[]",
        strict=False,
    ),
    _Shape("url-credentials", ("://",), r"://([A-Za-z0-9_-]{20,256})@[A-Za-z0-9\[]"),
    _Shape(
        "bearer-token",
        ("bearer ",),
        r"[Bb]earer[ ]{1,4}([A-Za-z0-9._~+/-]{12,4000}={0,2})",
        strict=False,
        wide=True,
    ),
    _Shape(
        "basic-authorization",
        ("basic ",),
        r"[Aa]uthorization[\"']?[ \t]{0,3}:[ \t]{0,3}[\"']?[Bb]asic[ ]{1,4}([A-Za-z0-9+/]{8,2000}={0,2})",
        wide=True,
    ),
    _Shape(
        "wandb-key",
        ("wandb",),
        r"wandb[ \t]{1,4}login[ \t]{1,4}(?:--?[\w-]{1,20}[ \t=]{1,4"
        r"}){0,4}[\"']?([0-9a-f]{40}|wandb_v\d_[A-Za-z0-9_]{20,120})",
        wide=True,
    ),
    _Shape("wandb-key", ("wandb_v",), _B + r"wandb_v\d_[A-Za-z0-9_]{40,120}" + _E),
    _Shape(
        "curl-credentials",
        ("curl", "wget"),
        r"\b(?:curl|wget)\b[^\n|;]{0,400}?[ \t](?:-u|--user|--proxy"
        r"-user)[ \t=]{0,4}[\"']?[^\s:\"'$]{1,128}:([^\s\"']{1,256})",
        strict=False,
        wide=True,
    ),
    _Shape(
        "sshpass-password",
        ("sshpass",),
        r"\bsshpass[ \t]{1,4}(?:-[ev][ \t]{1,4}){0,2}-p[ \t]{0,4}(\"[^\"\n]{1,256}\"|'[^'\n]{1,256}'|[^\s\"']{1,256})",
        strict=False,
        wide=True,
    ),
    _Shape(
        "mysql-password",
        ("mysql", "mariadb"),
        r"\b(?:mysql|mariadb)(?:dump|admin|import|check|-dump)?\b[^\n|;]{0,"
        r"300}?[ \t]-p(\"[^\"\n]{1,256}\"|'[^'\n]{1,256}'|[^\s\"'$]{1,256})",
        strict=False,
        wide=True,
    ),
    _Shape(
        "docker-login",
        ("login",),
        r"\b(?:docker|podman|apptainer|singularity)[ \t][^\n|;]{0,200}?\blogin\b["
        r"^\n|;]{0,200}?[ \t](?:-p|--password)[ \t=]{1,4}[\"']?([^\s\"'$]{1,256})",
        strict=False,
        wide=True,
    ),
    _Shape(
        "echoed-password",
        ("--password-stdin", "sudo -s", "passwd"),
        r"\becho[ \t]{1,4}(?:-n[ \t]{1,4})?[\"']?([^\s\"'|]{6,256})[\"']?[ \t]{0,4}\|[ \t]{0,4}(?:sudo[ \t]{1"
        r",4}-S|(?:docker|podman)[ \t][^\n|;]{0,200}--password-stdin)",
        strict=False,
        wide=True,
    ),
)

# --- by name -----------------------------------------------------------------------------------------------

_KNOWN_NAMES: Final = {
    "WANDB_API_KEY": "wandb-key",
    "HF_TOKEN": "hugging-face-token",
    "HUGGINGFACE_TOKEN": "hugging-face-token",
    "HUGGING_FACE_HUB_TOKEN": "hugging-face-token",
    "HUGGINGFACE_HUB_TOKEN": "hugging-face-token",
    "HUGGINGFACEHUB_API_TOKEN": "hugging-face-token",
    "NGC_API_KEY": "ngc-key",
    "NGC_CLI_API_KEY": "ngc-key",
    "NVIDIA_API_KEY": "ngc-key",
    "AWS_SECRET_ACCESS_KEY": "aws-secret-key",
    "AWS_SESSION_TOKEN": "aws-session-token",
    "AWS_BEARER_TOKEN_BEDROCK": "bedrock-api-key",
    "GITHUB_TOKEN": "github-token",
    "GH_TOKEN": "github-token",
    "GITLAB_TOKEN": "gitlab-token",
    "OPENAI_API_KEY": "openai-key",
    "ANTHROPIC_API_KEY": "anthropic-key",
    "COMET_API_KEY": "comet-key",
    "NEPTUNE_API_TOKEN": "neptune-token",
    "KAGGLE_KEY": "kaggle-key",
    "ZENODO_TOKEN": "zenodo-token",
    "ZENODO_ACCESS_TOKEN": "zenodo-token",
    "CLEARML_API_SECRET_KEY": "clearml-key",
    "MLFLOW_TRACKING_PASSWORD": "mlflow-password",
    "PGPASSWORD": "postgres-password",
    "POSTGRES_PASSWORD": "postgres-password",
    "MYSQL_PWD": "mysql-password",
    "REDISCLI_AUTH": "redis-password",
    "TWILIO_AUTH_TOKEN": "twilio-key",
    "COHERE_API_KEY": "cohere-key",
    "MISTRAL_API_KEY": "mistral-key",
    "AZURE_CLIENT_SECRET": "azure-client-secret",
    "AZURE_STORAGE_KEY": "azure-storage-key",
    "HEROKU_API_KEY": "heroku-key",
    "SINGULARITY_DOCKER_PASSWORD": "registry-password",
    "APPTAINER_DOCKER_PASSWORD": "registry-password",
    "SSHPASS": "sshpass-password",
    "RESTIC_PASSWORD": "restic-password",
}  # fmt: skip

_NEEDLES: Final = (
    "key",
    "token",
    "secret",
    "passw",
    "passphrase",
    "_pwd",
    "_auth",
    "sshpass",
    "bedrock",
    "credential",
)
_WORDS: Final = (
    r"(?:api|access|secret|auth|account|storage|client|private|license|encryption|master|signing)[_-]?key|kaggle_key|"
    r"token(?:_bedrock)?|secret|password|passwd|passphrase|passwort|_pwd|_pass|rediscli_auth|sshpass|credentials?"
)
_VALUE: Final = r"(?:\"([^\"\n]{1,512})\"|'([^'\n]{1,512})'|([^\s\"'#;&|()<>,\]\}`\\]{1,512}))"
_QUOTED: Final = r"(?:\"([^\"\n]{1,512})\"|'([^'\n]{1,512})')"
_NAMED: Final = re.compile(
    rf"({_WORDS})(?:=|:=|[\"']?\]?[ \t]{{0,3}}(?:=|=>|:|,)[ \t]{{0,3}}(?=[\"'])|:[ \t]{{1,3}}){_VALUE}",
    re.IGNORECASE,
)
_OPTION: Final = re.compile(rf"--?[a-z0-9_-]{{0,40}}?({_WORDS})[ \t]{{1,4}}{_VALUE}", re.IGNORECASE)
_SETENV: Final = re.compile(
    rf"\bsetenv[ \t]{{1,4}}[A-Za-z0-9_]{{0,60}}?({_WORDS})[ \t]{{1,4}}{_VALUE}", re.IGNORECASE
)
_NAME_ENDS: Final = re.compile(r"[A-Za-z0-9_-]{0,64}\Z")
_SHORTEST: Final = 16  # characters of the shortest word that holds a secret known by its shape
_LONG_ENOUGH: Final = 8
_PASSWORD_LONG_ENOUGH: Final = 5

# --- what is plainly no secret -----------------------------------------------------------------------------

_PLACEHOLDER: Final = re.compile(
    r"(?:x|\*|\.|-|_|0){3,}|(?:none|null|nil|true|false|yes|no|on|off|auto|default|empty|unset|required|optional)|"
    r"(?:my|your|the|some|a|an|put|insert|enter|add|use|replace|fill|set|paste)[-_ ].{0,80}|your.{0,80}|"
    r".{0,60}(?:change[-_ ]?me|change[-_ ]?this|placeholder|example|dumm"
    r"y|redacted|replace[-_ ]?me|fill[-_ ]?in|[-_ ]here|todo|tbd).{0,60}|"
    r"(?:api[-_ ]?)?(?:key|token|secret|password|passwd|pass|pwd|creden"
    r"tials?)|(?:my|user|admin|root|test)?(?:password|token|secret|key)|"
    r"(?:user|username|pass|password)(?::(?:pass|password))?",
    re.IGNORECASE,
)
_VARIABLE_NAME: Final = re.compile(r"[A-Z][A-Z_]*[A-Z]")  # the name of a variable, not its value
_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z_]*(?:\.[A-Za-z_][A-Za-z_]*)+|[a-z_]+\.[a-z_.]*\[.*")  # args.password
_FILE: Final = re.compile(
    r"(?:\.{0,2}|~|[A-Za-z]:)[/\\].*|[\w./@-]*\.(?:txt|json|ya?ml|to"
    r"ml|pem|key|pub|crt|cfg|ini|env|sh|py|gpg|enc|tok|dat|csv|conf)", re.IGNORECASE)  # fmt: skip
_NUMBER: Final = re.compile(r"[+-]?[\d_]{0,10}(?:\.\d*)?(?:[eE][+-]?\d+)?")
_SPECIAL: Final = re.compile(r"[\[<{|]{1,2}[^\s]{0,40}[\]>}|]{1,2}|</?\w{1,12}>?")  # <eos>, [MASK], {token}


def _harmless(value: str) -> bool:
    """A variable, a placeholder, a marker: whatever no author would have to hide."""
    if "$" in value or "`" in value or "S2R_REDACTED_" in value or "{{" in value or "%(" in value:
        return True
    if (
        value[:1] in "<{[%@"
        or _SPECIAL.fullmatch(value)
        or "xxxx" in value.lower()
        or "****" in value
        or "..." in value
    ):
        return True
    return len(set(value)) <= 3 or bool(_PLACEHOLDER.fullmatch(value)) or "EXAMPLE" in value


def _names_nothing(value: str, word: str, quoted: bool) -> bool:
    """What may follow ``token=`` or ``password:`` and is no secret all the same."""
    long_enough = _PASSWORD_LONG_ENOUGH if "pass" in word or "pwd" in word else _LONG_ENOUGH
    if len(value) < long_enough or _harmless(value) or " " in value.strip():
        return True
    if _NUMBER.fullmatch(value) or _FILE.fullmatch(value) or _VARIABLE_NAME.fullmatch(value):
        return True
    if not quoted and _CODE.fullmatch(value):
        return True
    if word in (
        "token",
        "secret",
        "credential",
        "credentials",
    ):  # `--token-type`, `sep_token=newline`: words of prose
        return value.isalpha() and value.islower() and len(value) < 16
    return False


# --- looking -----------------------------------------------------------------------------------------------


class _Hit(NamedTuple):
    start: int
    end: int
    kind: str


@cache
def _compiled(shape: _Shape) -> "re.Pattern[str]":
    return re.compile(shape.pattern)


def _shape_hits(text: str, lower: str) -> Iterator[_Hit]:
    """Needles are looked for where they can be: most in long words only, which are a small part of any script."""
    long_words = " ".join([word for word in lower.split() if len(word) >= _SHORTEST])
    for shape in _SHAPES:
        hay = lower if shape.wide else long_words
        for needle in shape.needles:
            if needle in hay:
                yield from _matches(shape, _compiled(shape), text)
                break


def _matches(shape: _Shape, pattern: "re.Pattern[str]", text: str) -> Iterator[_Hit]:
    for match in pattern.finditer(text):
        start, end = match.span(1 if pattern.groups else 0)
        if shape.kind == "private-key":
            yield _Hit(start, _end_of_block(text, end), shape.kind)
            continue
        value = text[start:end].strip("\"'")
        if _harmless(value) or (not shape.strict and _FILE.fullmatch(value)):
            continue
        if shape.kind == "bearer-token" and not any(letter.isdigit() for letter in value):
            continue
        yield _Hit(start + (text[start] in "\"'"), end - (end - start > 1 and text[end - 1] in "\"'"), shape.kind)


def _end_of_block(text: str, at: int) -> int:
    """The end of a private key; without an END line as much as looks like one."""
    end = text.find("-----END", at, at + 20_000)
    if end >= 0:
        close = text.find("-----", end + 8, end + 80)
        return close + 5 if close >= 0 else end + 8
    body = re.compile(r"[A-Za-z0-9+/=\s\\]{0,8000}").match(text, at)
    return at + len((body[0] if body else "").rstrip())


def _named_hits(text: str, lower: str) -> Iterator[_Hit]:
    if not any(needle in lower for needle in _NEEDLES):
        return
    for pattern in (_NAMED, _OPTION, _SETENV) if "setenv" in lower else (_NAMED, _OPTION):
        for match in pattern.finditer(text):
            group = next(number for number in (2, 3, 4) if match[number] is not None)
            word = match[1].lower()
            head = _NAME_ENDS.search(text, max(0, match.start(1) - 64), match.start(1))
            name = ((head[0] if head else "") + match[1]).lstrip("-").upper().replace("-", "_")
            if not _is_whole_word(name, match[1]) or _names_nothing(match[group], word, group != 4):
                continue
            yield _Hit(match.start(group), match.end(group), _KNOWN_NAMES.get(name) or _kind(word))


def _is_whole_word(name: str, word: str) -> bool:
    """``PGPASSWORD``, ``API_TOKEN``, ``apitoken`` name a secret; ``monkey_key`` and ``detoken`` do not."""
    bare = word.upper().replace("-", "_")
    before = name[: -len(bare)]
    if not before or before.endswith("_") or bare.startswith("_") or "PASS" in bare or "KEY" in bare:
        return True
    return before.endswith(("API", "AUTH", "ACCESS", "BOT", "CLIENT", "APP", "HF", "GITHUB", "BEARER"))


def _kind(word: str) -> str:
    if "pass" in word or "pwd" in word:
        return "password"
    if "key" in word:
        return "api-key"
    return "token" if word.startswith("token") else "secret"


# --- strings written in pieces -----------------------------------------------------------------------------

_INSIDE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_JOINT: Final = re.compile(
    r"\\\r?\n(?=\w)|\"\"(?=\w)|''(?=\w)|\"'(?=\w)|'\"(?=\w)"
    r"|\"[ \t]?\+[ \t]?\"(?=\w)|'[ \t]?\+[ \t]?'(?=\w)|\"(?=\w)|'(?=\w)"
)


def _joints(text: str) -> list["re.Match[str]"]:
    """Where two pieces of one word meet: quotes and line breaks that stand right behind a letter or digit."""
    return [match for match in _JOINT.finditer(text) if match.start() and text[match.start() - 1] in _INSIDE]


def _split_hits(text: str) -> Iterator[_Hit]:
    """``"ghp_""abc..."``: the shapes, once more, in the text as a shell or Python would join it."""
    joints = _joints(text)
    if not joints:
        return
    pieces: list[str] = []
    starts: list[int] = []  # of the pieces, in the joined text
    offsets: list[int] = []  # the same in the text
    at = length = 0
    for match in (*joints, None):
        end = match.start() if match else len(text)
        pieces.append(text[at:end])
        starts.append(length)
        offsets.append(at)
        length += end - at
        at = match.end() if match else end
    joined = "".join(pieces)

    def back(place: int) -> int:
        piece = bisect_right(starts, place) - 1
        return offsets[piece] + place - starts[piece]

    for hit in _shape_hits(joined, joined.lower()):
        if bisect_right(starts, hit.start) != bisect_right(starts, hit.end - 1):
            yield _Hit(back(hit.start), back(hit.end - 1) + 1, hit.kind)


def _apart(hits: Iterable[_Hit]) -> list[_Hit]:
    """Hits that do not overlap, in order; of those that do, the one that was found by the surer detector."""
    kept: list[_Hit] = []
    for hit in hits:
        at = bisect_right(kept, hit)
        before, behind = kept[at - 1 : at] if at else [], kept[at : at + 1]
        if not (before and before[0].end > hit.start) and not (behind and behind[0].start < hit.end):
            kept.insert(at, hit)
    return kept


def find_secrets(text: str) -> tuple[Secret, ...]:
    """The secrets that stand in a text, in order. Linear in the length of the text."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters grow in lower case; needles are ASCII
        lower = text
    hits = _apart((*_shape_hits(text, lower), *_split_hits(text), *_named_hits(text, lower)))
    if not hits:
        return ()
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    found = []
    for start, end, kind in hits:
        row = bisect_right(lines, start) - 1
        found.append(Secret(kind=kind, line=row + 1, column=start - lines[row] + 1, start=start, end=end))
    return tuple(found)


def redact(text: str) -> str:
    """The text with ``S2R_REDACTED_1__`` and so on in place of its secrets; equal values get equal numbers.

    Placeholders that stand in the text already stay what they are, and their numbers are not used again.
    """
    for _ in range(_PASSES):
        secrets = find_secrets(text)
        if not secrets:
            break
        text = _without(text, secrets)
    return text


def _without(text: str, secrets: tuple[Secret, ...]) -> str:
    taken = {int(number) for number in _REDACTED.findall(text)}
    numbers: dict[str, int] = {}
    pieces: list[str] = []
    at = free = 0
    for secret in secrets:
        value = text[secret.start : secret.end]
        if value not in numbers:
            free = next(number for number in range(free + 1, free + len(taken) + 2) if number not in taken)
            numbers[value] = free
        pieces += (text[at : secret.start], f"S2R_REDACTED_{numbers[value]}__")
        at = secret.end
    return "".join([*pieces, text[at:]])
