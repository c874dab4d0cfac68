# ruff: noqa: E501 - a table, one shape a line
"""Secrets that are known by how the value itself looks: one line a shape.

Every pattern begins with a literal (or what may not stand before it) and has bounded repeats. Sources: the issuers'
own documentation of their token formats.
"""

from typing import Final, NamedTuple

SHORTEST: Final = 16  # characters of the shortest word that holds a secret known by its shape


class Shape(NamedTuple):
    """One shape: its name, how to see quickly that it may be there, and the pattern."""

    kind: str
    needles: tuple[str, ...]  # lower case; one of them occurs wherever the pattern matches
    pattern: str  # group 1, where there is one, is the value
    strict: bool = True  # the value cannot be mistaken for prose, only for a placeholder
    wide: bool = False  # blanks may stand inside; all others are one long word


_B: Final = r"(?<![A-Za-z0-9_-])"  # a token begins
_E: Final = r"(?![A-Za-z0-9_-])"  # a token ends

_BEFORE: Final = r"[^\n|;]{0,300}?"  # other options of the command
_WORD: Final = r"[\"']?([^\s\"'$<>|;&(){}`]{5,256})"  # a value of any sort
_DIGITS: Final = r"(?=[\"']?[A-Za-z_]{0,64}\d)"

SHAPES: Final = (
    Shape(
        "private-key",
        ("private key",),
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
        wide=True,
    ),
    Shape(
        "aws-access-key",
        ("akia", "asia", "abia", "acca"),
        r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    ),
    Shape("bedrock-api-key", ("absk",), _B + r"ABSK[A-Za-z0-9+/]{60,400}={0,2}"),
    Shape("bedrock-api-key", ("bedrock-api-key-",), _B + r"bedrock-api-key-[A-Za-z0-9+/]{30,4000}={0,2}"),
    Shape("github-token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), _B + r"gh[pousr]_[A-Za-z0-9]{30,255}" + _E),
    Shape("github-fine-grained-token", ("github_pat_",), _B + r"github_pat_[A-Za-z0-9_]{22,255}" + _E),
    Shape(
        "gitlab-token",
        ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-"),
        _B + r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_.-]{20,300}",
    ),
    Shape("hugging-face-token", ("hf_", "api_org_"), _B + r"(?:hf_|api_org_)[A-Za-z0-9]{30,64}" + _E),
    Shape("anthropic-key", ("sk-ant-",), _B + r"sk-ant-[A-Za-z0-9_-]{20,200}" + _E),
    Shape("openrouter-key", ("sk-or-",), _B + r"sk-or-v1-[A-Za-z0-9]{32,128}" + _E),
    Shape(
        "openai-key",
        ("sk-proj-", "sk-svcacct-", "sk-admin-"),
        _B + r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,200}" + _E,
    ),
    Shape("openai-key", ("sk-",), _B + r"sk-(?=[A-Za-z]{0,64}\d)[A-Za-z0-9]{32,64}" + _E),
    Shape(
        "slack-token",
        ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxo-", "xapp-"),
        _B + r"(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{16,255}",
    ),
    Shape(
        "slack-webhook", ("hooks.slack.com",), r"hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9+/_-]{20,120})"
    ),
    Shape("discord-webhook", ("/api/webhooks/",), r"/api/webhooks/(\d{10,25}/[A-Za-z0-9_-]{40,120})"),
    Shape("ngc-key", ("nvapi-",), _B + r"nvapi-[A-Za-z0-9_-]{40,120}" + _E),
    Shape("jwt", ("eyj",), _B + r"eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,2000}"),
    Shape("npm-token", ("npm_",), _B + r"npm_[A-Za-z0-9]{36}" + _E),
    Shape(
        "npm-token", ("_authtoken",), r"_authToken[ \t]{0,3}=[ \t]{0,3}([^\s\"'$]{8,255})", strict=False, wide=True
    ),
    Shape("pypi-token", ("pypi-",), _B + r"pypi-[A-Za-z0-9_-]{50,300}" + _E),
    Shape("docker-token", ("dckr_",), _B + r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,100}" + _E),
    Shape("docker-auth", ('"auth"',), r'"auth"[ \t]{0,4}:[ \t]{0,4}"([A-Za-z0-9+/]{12,2000}={0,2})"', wide=True),
    Shape("gcp-api-key", ("aiza",), _B + r"AIza[A-Za-z0-9_-]{35}" + _E),
    Shape("gcp-oauth-token", ("ya29.",), _B + r"ya29\.[A-Za-z0-9_-]{20,500}"),
    Shape(
        "gcp-service-account",
        ("private_key_id",),
        r'"private_key_id"[ \t]{0,4}:[ \t]{0,4}"([0-9a-f]{40})"',
        wide=True,
    ),
    Shape(
        "azure-storage-key",
        ("accountkey=", "sharedaccesskey="),
        r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,100}={0,2})",
    ),
    Shape("azure-sas", ("sig=",), r"[?&]sig=([A-Za-z0-9%+/]{40,120}={0,2})"),
    Shape("stripe-key", ("_live_", "_test_"), _B + r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,128}" + _E),
    Shape("twilio-key", ("sk",), r"SK(?<![A-Za-z0-9_-]SK)(?=[0-9a-f]{0,31}\d)[0-9a-f]{32}" + _E),
    Shape("sendgrid-key", ("sg.",), _B + r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}" + _E),
    Shape("telegram-bot-token", (":aa",), r"(?<!\d)\d{8,10}:AA[A-Za-z0-9_-]{30,36}" + _E),
    Shape("databricks-token", ("dapi",), _B + r"dapi[0-9a-f]{32}(?:-\d)?" + _E),
    Shape("digitalocean-token", ("_v1_",), _B + r"do[opr]_v1_[0-9a-f]{64}" + _E),
    Shape("linear-key", ("lin_api_",), _B + r"lin_api_[A-Za-z0-9]{32,64}" + _E),
    Shape("notion-token", ("ntn_",), _B + r"ntn_[A-Za-z0-9]{40,64}" + _E),
    Shape("grafana-token", ("glsa_", "glc_"), _B + r"(?:glsa|glc)_[A-Za-z0-9+/=_]{32,400}"),
    Shape("vault-token", ("hvs.", "hvb."), _B + r"hv[sb]\.[A-Za-z0-9_-]{24,300}"),
    Shape("doppler-token", ("dp.",), _B + r"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,80}"),
    Shape("pulumi-token", ("pul-",), _B + r"pul-[0-9a-f]{40}" + _E),
    Shape("replicate-token", ("r8_",), _B + r"r8_[A-Za-z0-9]{36,40}" + _E),
    Shape("groq-key", ("gsk_",), _B + r"gsk_[A-Za-z0-9]{40,64}" + _E),
    Shape("perplexity-key", ("pplx-",), _B + r"pplx-[A-Za-z0-9]{40,64}" + _E),
    Shape("xai-key", ("xai-",), _B + r"xai-[A-Za-z0-9]{60,100}" + _E),
    Shape("langsmith-key", ("lsv2_",), _B + r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}" + _E),
    Shape("mailgun-key", ("key-",), _B + r"key-[0-9a-f]{32}" + _E),
    Shape(
        "shopify-token", ("shpat_", "shpss_", "shpca_", "shppa_"), _B + r"shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}" + _E
    ),
    Shape("age-key", ("age-secret-key-1",), r"AGE-SECRET-KEY-1[A-Z0-9]{50,64}"),
    Shape("planetscale-token", ("pscale_",), _B + r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}"),
    Shape("new-relic-key", ("nrak-",), _B + r"NRAK-[A-Z0-9]{27}" + _E),
    Shape("rubygems-token", ("rubygems_",), _B + r"rubygems_[0-9a-f]{48}" + _E),
    Shape("sentry-token", ("sntrys_", "sntryu_"), _B + r"sntry[su]_[A-Za-z0-9+/=_-]{40,400}"),
    Shape("aws-presigned-url", ("x-amz-signature=",), r"X-Amz-Signature=([0-9a-f]{64})"),
    Shape(
        "aws-presigned-url",
        ("awsaccesskeyid=",),
        r"AWSAccessKeyId=[^\s&\"']{4,128}&[^\s\"']{0,400}?Signature=([A-Za-z0-9%+/=]{16,100})",
        wide=True,
    ),
    Shape("zenodo-token", ("access_token=",), r"[?&]access_token=([A-Za-z0-9._~-]{16,512})"),
    Shape(
        "url-credentials",
        ("://",),
        r"://[^\s:/@\"'<>$`{}\[\]]{0,128}:([^\s/@\"'<>]{1,256})@[A-Za-z0-9\[]",
        strict=False,
    ),
    Shape("url-credentials", ("://",), r"://([A-Za-z0-9_-]{20,256})@[A-Za-z0-9\[]"),
    Shape(
        "bearer-token",
        ("bearer ",),
        r"[Bb]earer[ ]{1,4}([A-Za-z0-9._~+/-]{12,4000}={0,2})",
        strict=False,
        wide=True,
    ),
    Shape(
        "basic-authorization",
        ("basic ",),
        r"[Aa]uthorization[\"']?[ \t]{0,3}:[ \t]{0,3}[\"']?[Bb]asic[ ]{1,4}([A-Za-z0-9+/]{8,2000}={0,2})",
        wide=True,
    ),
    Shape(
        "wandb-key",
        ("wandb",),
        r"wandb[ \t]{1,4}login[ \t]{1,4}(?:--?[\w-]{1,20}[ \t=]{1,4"
        r"}){0,4}[\"']?([0-9a-f]{40}|wandb_v\d_[A-Za-z0-9_]{20,120})",
        wide=True,
    ),
    Shape("wandb-key", ("wandb_v",), _B + r"wandb_v\d_[A-Za-z0-9_]{40,120}" + _E),
    Shape(
        "curl-credentials",
        ("curl", "wget"),
        r"\b(?:curl|wget)\b[^\n|;]{0,400}?[ \t](?:-u|--user|--proxy"
        r"-user)[ \t=]{0,4}[\"']?[^\s:\"'$]{1,128}:([^\s\"']{1,256})",
        strict=False,
        wide=True,
    ),
    Shape(
        "sshpass-password",
        ("sshpass",),
        r"\bsshpass[ \t]{1,4}(?:-[ev][ \t]{1,4}){0,2}-p[ \t]{0,4}(\"[^\"\n]{1,256}\"|'[^'\n]{1,256}'|[^\s\"']{1,256})",
        strict=False,
        wide=True,
    ),
    Shape(
        "mysql-password",
        ("mysql", "mariadb"),
        r"\b(?:mysql|mariadb)(?:dump|admin|import|check|-dump)?\b[^\n|;]{0,"
        r"300}?[ \t]-p(\"[^\"\n]{1,256}\"|'[^'\n]{1,256}'|[^\s\"'$]{1,256})",
        strict=False,
        wide=True,
    ),
    Shape(
        "docker-login",
        ("login",),
        r"\b(?:docker|podman|apptainer|singularity)[ \t][^\n|;]{0,200}?\blogin\b["
        r"^\n|;]{0,200}?[ \t](?:-p|--password)[ \t=]{1,4}[\"']?([^\s\"'$]{1,256})",
        strict=False,
        wide=True,
    ),
    Shape(
        "echoed-password",
        ("--password-stdin", "sudo -s", "passwd", "kinit"),
        r"\becho[ \t]{1,4}(?:-n[ \t]{1,4})?[\"']?([^\s\"'|]{6,256})[\"']?[ \t]{0,4}\|[ \t]{0,4}(?:sudo[ \t]{1"
        r",4}-S|kinit\b|(?:docker|podman)[ \t][^\n|;]{0,200}--password-stdin)",
        strict=False,
        wide=True,
    ),
    *(
        Shape(kind, needles, pattern, strict=False, wide=True)
        for kind, needles, pattern in (
            ("openssl-password", ("pass:",), rf"\bpass:{_WORD}"),
            ("archive-password", ("zip",), rf"\b(?:un)?zip\b{_BEFORE}[ \t]-P[ \t]{{0,3}}{_WORD}"),
            ("archive-password", ("7z",), rf"\b7z[ar]?\b{_BEFORE}[ \t]-p{_WORD}"),
            ("redis-password", ("redis-cli",), rf"\bredis-cli\b{_BEFORE}[ \t]-a[ \t]{{1,3}}{_WORD}"),
            (
                "mongo-password",
                ("mongo",),
                rf"\bmongo(?:sh|dump|restore|import|export)?\b{_BEFORE}[ \t]-p[ \t]{{1,3}}{_WORD}",
            ),
            (
                "ldap-password",
                ("ldap",),
                rf"\bldap(?:search|add|modify|whoami|passwd)\b{_BEFORE}[ \t]-w[ \t]{{1,3}}{_WORD}",
            ),
            ("lftp-password", ("lftp",), rf"\blftp\b{_BEFORE}[ \t]-u[ \t]{{1,3}}[\"']?[^\s,\"'$]{{1,128}},{_WORD}"),
            (
                "smb-password",
                ("smb",),
                rf"\bsmb(?:client|get|cacls)\b{_BEFORE}[ \t]-U[ \t]{{0,3}}[\"']?[^\s%\"'$]{{1,128}}%{_WORD}",
            ),
            ("aws-secret-key", ("aws_secret_access_key",), rf"aws_secret_access_key[ \t]{{1,3}}{_WORD}"),
            (
                "netrc-password",
                ("password",),
                rf"\blogin[ \t\n]{{1,4}}[^\s]{{1,128}}[ \t\n]{{1,4}}password[ \t]{{1,4}}{_WORD}",
            ),
            (
                "rclone-password",
                ("rclone",),
                rf"\brclone[ \t]{{1,4}}config\b{_BEFORE}[ \t]pass[ \t=]{{1,3}}{_WORD}",
            ),
            (
                "minio-key",
                ("mc ",),
                rf"\bmc[ \t]{{1,4}}(?:alias|config host)[ \t]{{1,4}}(?:set|add)[ \t]{{1,4}}[^\s]{{1,128}}[ \t]{{1,4}}[^\s]{{1,256}}[ \t]{{1,4}}[^\s]{{1,128}}[ \t]{{1,4}}{_WORD}",
            ),
            (
                "wandb-key",
                ("wandb",),
                rf"wandb(?:[ \t]{{1,4}}login[ \t]{{1,4}}|\.login\([ \t]{{0,4}}key[ \t]{{0,3}}=[ \t]{{0,3}}){_DIGITS}{_WORD}",
            ),
        )
    ),
)
