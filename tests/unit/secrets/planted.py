# ruff: noqa: E501 - a table, one secret a line
"""Secrets of every kind, made up. None stands in this file in one piece: all are put together at run time."""

import hashlib
from typing import Final


def made_up(
    length: int, letters: str = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", salt: str = ""
) -> str:
    """A value that looks random and is the same in every run."""
    digest = hashlib.shake_256(f"s2r {length} {salt}".encode()).digest(length)
    return "".join(letters[octet % len(letters)] for octet in digest)


HEX: Final = "0123456789abcdef"
UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
T, W, K = made_up(40), made_up(12), made_up(20, UPPER)

# kind, the text around the value, the value
PLANTED: Final = {
    "aws access key": ("aws-access-key", "export AWS_ACCESS_KEY_ID=%s", "AK" + "IA" + made_up(16, UPPER)),
    "aws secret key": ("aws-secret-key", "export AWS_SECRET_ACCESS_KEY=%s", T),
    "aws session token": ("aws-session-token", "AWS_SESSION_TOKEN=%s", made_up(120)),
    "bedrock key": ("bedrock-api-key", "curl -H 'x: %s'", "AB" + "SK" + made_up(100)),
    "bedrock key by name": ("bedrock-api-key", "export AWS_BEARER_TOKEN_BEDROCK=%s", T),
    "github classic": ("github-token", "git clone x %s", "gh" + "p_" + made_up(36)),
    "github app": ("github-token", "x=%s", "gh" + "s_" + made_up(36)),
    "github fine-grained": ("github-fine-grained-token", "x=%s", "github" + "_pat_" + made_up(60)),
    "gitlab": ("gitlab-token", "x %s", "gl" + "pat-" + W + made_up(12)),
    "hugging face": ("hugging-face-token", "huggingface-cli login --token %s", "h" + "f_" + made_up(34)),
    "hugging face by name": ("hugging-face-token", "export HF_TOKEN='%s'", T),
    "openai project": ("openai-key", "x=%s", "sk" + "-proj-" + T),
    "openai classic": ("openai-key", "x=%s", "sk" + "-a1" + made_up(46)),
    "anthropic": ("anthropic-key", "x=%s", "sk" + "-ant-api03-" + T),
    "openrouter": ("openrouter-key", "x=%s", "sk" + "-or-v1-" + made_up(64, HEX)),
    "slack token": ("slack-token", "x=%s", "xo" + "xb-1234-" + made_up(24)),
    "slack webhook": ("slack-webhook", "curl https://hooks.slack.com/services/%s", "T0/B0/" + made_up(24)),
    "discord webhook": ("discord-webhook", "curl https://discord.com/api/webhooks/%s", "123456789012345678/" + made_up(68)),
    "ngc": ("ngc-key", "x=%s", "nv" + "api-" + made_up(64)),
    "ngc by name": ("ngc-key", "setenv NGC_API_KEY %s", T),
    "wandb by name": ("wandb-key", "export WANDB_API_KEY=%s", made_up(40, HEX)),
    "wandb login": ("wandb-key", "wandb login --relogin %s", made_up(40, HEX)),
    "private key": ("private-key", "cat > k <<E\n%s\nE", "-----BEGIN OPENSSH PRIVATE " + "KEY-----\n" + T + "\n-----END OPENSSH PRIVATE " + "KEY-----"),
    "jwt": ("jwt", "x=%s", "ey" + "J" + T + "." + "ey" + "J" + T + "." + T),
    "url": ("url-credentials", "git clone https://me:%s@host.example/x", W),
    "url with a token": ("url-credentials", "git clone https://%s@host.example/x", T),
    "redis": ("url-credentials", "redis://:%s@cache:6379/0", W),
    "mongo": ("url-credentials", "mongodb+srv://u:%s@db/x", W),
    "amqp": ("url-credentials", "amqp://u:%s@mq//", W),
    "aws pre-signed": ("aws-presigned-url", "wget 'https://b.example/x?X-Amz-Date=1&X-Amz-Signature=%s'", made_up(64, HEX)),
    "aws pre-signed, old": ("aws-presigned-url", "wget 'https://b.example/x?AWSAccessKeyId=abcd1234&Expires=1&Signature=%s'", made_up(27)),
    "curl -u": ("curl-credentials", "curl -s -u me:%s https://host.example", W),
    "--password=": ("password", "tool --password=%s", W),
    "--password blank": ("password", "tool --user me --password %s", W),
    "--api-key": ("api-key", "tool --api-key %s", T),
    "--token": ("token", "tool --token=%s", T),
    "sshpass": ("sshpass-password", "sshpass -p %s ssh h", W),
    "sshpass quoted": ("sshpass-password", "sshpass -p '%s' ssh h", W),
    "mysql": ("mysql-password", "mysqldump -u me -p%s db", W),
    "postgres": ("postgres-password", "PGPASSWORD=%s psql", W),
    "npm": ("npm-token", "x=%s", "np" + "m_" + made_up(36)),
    "npm file": ("npm-token", "//registry.example/:_authToken=%s", T),
    "pypi": ("pypi-token", "twine upload -p %s", "py" + "pi-AgEIcHlwaS5vcmc" + made_up(60)),
    "docker token": ("docker-token", "x=%s", "dck" + "r_pat_" + made_up(27)),
    "docker auth": ("docker-auth", '{"auths": {"h": {"auth": "%s"}}}', made_up(32)),
    "docker login": ("docker-login", "docker login -u me -p %s h", W),
    "echoed": ("echoed-password", "echo %s | docker login -u me --password-stdin", W),
    "gcp key": ("gcp-api-key", "x=%s", "AI" + "za" + made_up(35)),
    "gcp oauth": ("gcp-oauth-token", "x=%s", "ya" + "29." + T),
    "gcp service account": ("gcp-service-account", '{"private_key_id": "%s"}', made_up(40, HEX)),
    "azure connection string": ("azure-storage-key", "x='AccountName=a;AccountKey=%s'", made_up(86) + "=="),
    "azure sas": ("azure-sas", "azcopy 'https://a.example/c?sv=1&sig=%s'", made_up(43) + "%3D"),
    "stripe": ("stripe-key", "x=%s", "sk" + "_live_" + made_up(24)),
    "twilio": ("twilio-key", "x=%s", "S" + "K" + made_up(32, HEX)),
    "sendgrid": ("sendgrid-key", "x=%s", "S" + "G." + made_up(22) + "." + made_up(43)),
    "telegram": ("telegram-bot-token", "curl https://t.example/bot%s/x", "123456789:" + "AA" + made_up(33)),
    "databricks": ("databricks-token", "x=%s", "da" + "pi" + made_up(32, HEX)),
    "digitalocean": ("digitalocean-token", "x=%s", "do" + "p_v1_" + made_up(64, HEX)),
    "linear": ("linear-key", "x=%s", "lin" + "_api_" + made_up(40)),
    "notion": ("notion-token", "x=%s", "nt" + "n_" + made_up(46)),
    "grafana": ("grafana-token", "x=%s", "gl" + "sa_" + T),
    "vault": ("vault-token", "x=%s", "hv" + "s." + made_up(90)),
    "doppler": ("doppler-token", "x=%s", "dp" + ".pt." + made_up(43)),
    "pulumi": ("pulumi-token", "x=%s", "pu" + "l-" + made_up(40, HEX)),
    "replicate": ("replicate-token", "x=%s", "r" + "8_" + made_up(37)),
    "groq": ("groq-key", "x=%s", "gs" + "k_" + made_up(52)),
    "perplexity": ("perplexity-key", "x=%s", "pp" + "lx-" + made_up(48)),
    "xai": ("xai-key", "x=%s", "xa" + "i-" + made_up(80)),
    "langsmith": ("langsmith-key", "x=%s", "ls" + "v2_pt_" + made_up(32, HEX) + "_" + made_up(10, HEX)),
    "mailgun": ("mailgun-key", "x=%s", "ke" + "y-" + made_up(32, HEX)),
    "shopify": ("shopify-token", "x=%s", "shp" + "at_" + made_up(32, HEX)),
    "age": ("age-key", "x=%s", "AGE-SECRET-" + "KEY-1" + made_up(58, UPPER)),
    "planetscale": ("planetscale-token", "x=%s", "psc" + "ale_tkn_" + made_up(43)),
    "new relic": ("new-relic-key", "x=%s", "NR" + "AK-" + made_up(27, UPPER)),
    "rubygems": ("rubygems-token", "x=%s", "ruby" + "gems_" + made_up(48, HEX)),
    "sentry": ("sentry-token", "x=%s", "sn" + "trys_" + made_up(80)),
    "comet": ("comet-key", "export COMET_API_KEY=%s", made_up(25)),
    "neptune": ("neptune-token", "NEPTUNE_API_TOKEN=\"%s\"", made_up(80)),
    "kaggle": ("kaggle-key", "export KAGGLE_KEY=%s", made_up(32, HEX)),
    "zenodo": ("zenodo-token", "curl 'https://z.example/api?access_token=%s'", made_up(60)),
    "bearer": ("bearer-token", "curl -H 'Authorization: Bearer %s'", T),
    "basic": ("basic-authorization", "curl -H 'Authorization: Basic %s'", made_up(24)),
    "any key": ("api-key", "export ACME_API_KEY=%s", T),
    "any token": ("token", "ACME_TOKEN=%s", T),
    "any secret": ("secret", "CLIENT_SECRET=%s", T),
    "any password": ("password", "DB_PASSWORD=%s", W),
    "in Python": ("wandb-key", 'os.environ["WANDB_API_KEY"] = "%s"', T),
    "in YAML": ("password", "password: %s", W),
    "in JSON": ("api-key", '{"api_key": "%s"}', T),
    "in --export": ("wandb-key", "sbatch --export=ALL,WANDB_API_KEY=%s x.sh", T),
    "in a here-document": ("token", "cat > f <<E\ntoken = '%s'\nE", T),
}  # fmt: skip
