"""A deployment from its environment. The one place that makes clients."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from s2r_ci.errors import ConfigurationError
from s2r_service.keyring import Keyring, Reloading, read_keys, single_key
from s2r_service.parts import Brake, Parts
from s2r_service.settings import ServiceSettings, read_settings
from s2r_service.telemetry import Observer, Telemetry

if TYPE_CHECKING:
    from s2r_service.model.catalogue import Catalogue
    from s2r_service.model.words import Model
    from s2r_service.oidc.sessions import Oidc
    from s2r_service.store import Store

_NO_KEYS: Final = "set S2R_SERVICE_KEYS, S2R_SERVICE_KEYS_FILE, S2R_SERVICE_KEYS_ARN, or SHARED_SECRET"


def assembled(environ: Mapping[str, str]) -> Parts:
    """The parts of a deployment. Raises ConfigurationError where it could not work, or not safely."""
    settings = read_settings(environ)
    for warning in settings.warnings:
        log({"event": "warning", "warning": warning})
    catalogue = _catalogue(settings)
    keyring = Reloading(_keys(environ), time.monotonic)
    return Parts(
        settings=settings,
        keyring=keyring,
        store=_store(settings),
        model=_model(settings, catalogue),
        catalogue=catalogue,
        brake=Brake(settings.failure_limit),
        observe=Observer(Telemetry(_line, time.time), log),
        oidc=oidc_of(settings, keyring()),
    )


def oidc_of(settings: ServiceSettings, keyring: Keyring) -> Oidc | None:
    """Whose tokens are taken; None where no repository and no owner is named. Raises ConfigurationError."""
    if not settings.oidc_repositories and not settings.oidc_owners:
        return None
    from s2r_service.oidc.issuer import Issuer, fetching
    from s2r_service.oidc.sessions import EVENTS, GITHUB, Oidc, Policy, needs_issuing_key

    if not keyring.issuers:
        raise ConfigurationError(
            "no key issues sessions, and S2R_OIDC_... asks for them", where="keys", hint=needs_issuing_key()
        )
    if not settings.audiences:
        raise ConfigurationError("tokens name an audience, and none is set", where="S2R_AUDIENCES")
    issuer = settings.oidc_issuer or GITHUB
    policy = Policy(
        issuer=issuer,
        audiences=settings.audiences,
        repositories=settings.oidc_repositories,
        owners=settings.oidc_owners,
        events=settings.oidc_events or frozenset(EVENTS),
        refs=settings.oidc_refs,
        environments=settings.oidc_environments,
        workflows=settings.oidc_workflows,
    )
    url = settings.oidc_keys_url or f"{issuer}/.well-known/jwks"
    return Oidc(policy, Issuer(fetching(url), time.monotonic))


def _line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def log(record: Mapping[str, Any]) -> None:
    """One line of JSON on standard error; records hold no script text and no secret."""
    print(json.dumps({"s2r": 1, **record}, default=str), file=sys.stderr, flush=True)


def _keys(environ: Mapping[str, str]) -> Callable[[], Keyring]:
    if text := environ.get("S2R_SERVICE_KEYS"):
        return lambda: read_keys(text, where="S2R_SERVICE_KEYS")
    if path := environ.get("S2R_SERVICE_KEYS_FILE"):
        return lambda: read_keys(_file(path), where="S2R_SERVICE_KEYS_FILE")
    if arn := environ.get("S2R_SERVICE_KEYS_ARN"):
        return lambda: read_keys(_secret(arn), where="S2R_SERVICE_KEYS_ARN")
    for name in ("S2R_SHARED_SECRET", "SHARED_SECRET"):
        if name in environ:
            keyring = single_key(environ[name], where=name)
            return lambda: keyring
    raise ConfigurationError("there is no key, and nobody could sign", where="keys", hint=_NO_KEYS)


def _file(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("the file of keys cannot be read", where="S2R_SERVICE_KEYS_FILE") from error


def _secret(arn: str) -> str:
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 3, "mode": "standard"})
    try:
        found = boto3.client("secretsmanager", config=config).get_secret_value(SecretId=arn)
    except Exception as error:
        what = f"the secret of keys cannot be read ({type(error).__name__})"
        raise ConfigurationError(what, where="S2R_SERVICE_KEYS_ARN") from error
    return str(found.get("SecretString", ""))


def _store(settings: ServiceSettings) -> Store:
    if settings.store == "dynamodb":
        from s2r_service.store.dynamo import DynamoStore, Tables, make_client

        return DynamoStore(make_client(), Tables(settings.table, settings.history_table, settings.legacy_table))
    from s2r_service.store.embedded import EmbeddedStore

    return EmbeddedStore(":memory:" if settings.store == "memory" else settings.store.removeprefix("file:"))


def _catalogue(settings: ServiceSettings) -> Catalogue:
    from s2r_service.model.catalogue import FILE, read_catalogue

    return read_catalogue(
        json.loads(FILE.read_text(encoding="utf-8")),
        default=settings.model,
        default_id=settings.model_id,
        allowed=settings.models,
        fallback=settings.model_fallback or None,
        allow_global=settings.allow_global,
    )


def _model(settings: ServiceSettings, catalogue: Catalogue) -> Model | None:
    if settings.converter == "rules":
        return None
    from s2r_service.model.bedrock import Bedrock, Guardrail, client

    offers = catalogue.offers.values()
    guardrail, _, version = settings.guardrail.rpartition(":")
    return Bedrock(
        client(),
        guardrail=Guardrail(guardrail, version) if guardrail else None,
        strict=settings.strict_tools,
        plain_models=frozenset(offer.model_id for offer in offers if not offer.strict),
        uncached_models=frozenset(offer.model_id for offer in offers if not offer.caching),
    )
