"""What a user does about each problem of the service: a column of docs/troubleshooting.md. A test holds it complete."""

from collections.abc import Mapping
from typing import Final

REMEDIES: Final[Mapping[str, str]] = {
    "malformed-request": "bring client and service to one release",
    "malformed-authentication": "look for a proxy that takes headers away",
    "invalid-signature": "compare `key-id` and secret with those of the deployment; `s2r-scan doctor` tries them",
    "clock-skew": "set the clock of this machine",
    "key-expired": "ask for a new key",
    "wrong-audience": "`api-endpoint` is the address that the deployment knows as its own, without a path",
    "invalid-token": "compare the token's audience, repository and workflow with what the deployment takes",
    "forbidden-repository": "have the repository added to the deployment's list",
    "not-found": "check `api-endpoint`; a request of another key is not found either",
    "method-not-allowed": "bring client and service to one release",
    "replayed-signature": "nothing: the client signs anew; where it stays, a proxy sends requests twice",
    "in-progress": "wait, or run again: it is charged once",
    "payload-too-large": 'convert by rules (`converter = "rules"`), or make the script shorter',
    "unsupported-media-type": "look for a proxy that packs requests",
    "script-rejected": "`s2r-scan lint FILE` says what is wrong with it",
    "instruction-rejected": "say it in one of the plain forms that the answer lists",
    "idempotency-key-reused": "run again; where it stays, report it",
    "content-blocked": "convert by rules; it was not charged",
    "quota-exceeded": "run again tomorrow, or ask for a larger quota; what is done is kept",
    "budget-exhausted": "run again tomorrow, or have the deployment's token budget raised",
    "too-many-failures": "put the secret right first, then wait as long as the answer says",
    "internal": "run again; where it stays, report the request id",
    "model-output-invalid": "run again, or name another `model`; it was not charged",
    "store-unavailable": "run again later; for the owner of the deployment: the table and its policy",
    "issuer-unavailable": "run again later; for the owner: the deployment has to reach the issuer's keys",
    "model-throttled": "run again later, or lower `in-flight`",
    "model-unavailable": "run again later; for the owner: access to the model in that region",
    "model-timeout": "run again, or make the script shorter",
}
