"""Secrets that are known by what they are called: ``WANDB_API_KEY=...``, ``--password ...``, ``"api_key": "..."``."""

import re
from typing import Final

from s2r_ci.patterns import lazy

KNOWN_NAMES: Final = {
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

NEEDLES: Final = (
    "key",
    "token",
    "secret",
    "passw",
    "passphrase",
    "_pwd",
    "_pass",
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
NAMED: Final = lazy(
    rf"({_WORDS})(?:=|:=|[\"']?[\]}}]?[ \t]{{0,3}}(?:=|=>|:|,)[ \t]{{0,3}}(?=[\"'])|:[ \t]{{1,3}}){_VALUE}",
    re.IGNORECASE,
)
OPTION: Final = lazy(rf"--?[a-z0-9_-]{{0,40}}?({_WORDS})[ \t]{{1,4}}{_VALUE}", re.IGNORECASE)
SETENV: Final = lazy(rf"\bsetenv[ \t]{{1,4}}[A-Za-z0-9_]{{0,60}}?({_WORDS})[ \t]{{1,4}}{_VALUE}", re.IGNORECASE)
NAME_ENDS: Final = lazy(r"[A-Za-z0-9_-]{0,64}\Z")
LONG_ENOUGH: Final = 8
PASSWORD_LONG_ENOUGH: Final = 5
