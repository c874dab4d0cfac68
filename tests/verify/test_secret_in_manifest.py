"""secret-in-manifest fires and stays silent."""

import base64
from urllib.parse import quote

import pytest

from s2r_ci.verify.secret_in_manifest import check
from tests.verify.good import SHAPES, TEXT, breaches

VALUE = "Ab3" + "dEf/hIjK+mNoP" * 2 + "9x7"
SECRET = f"export WANDB_API_KEY={VALUE}\n"
VARIABLE = "spec.template.spec.containers.0.env.+"
ANNOTATION = "metadata.annotations~s2r-ci/job-name"


@pytest.mark.parametrize("shape", SHAPES)
def test_silent_on_every_good_shape(shape: str) -> None:
    assert breaches(check, shape) == []


def test_silent_on_a_reference() -> None:
    reference = {"name": "WANDB_API_KEY", "valueFrom": {"secretKeyRef": {"name": "wandb", "key": "key"}}}
    assert breaches(check, "job", {VARIABLE: reference}) == []


def test_fires_on_a_variable() -> None:
    found = breaches(check, "job", {VARIABLE: {"name": "WANDB_API_KEY", "value": VALUE}})
    assert {breach.subject for breach in found} == {"secret"}
    assert all(VALUE not in breach.message for breach in found)


def test_fires_on_the_script_that_has_one() -> None:
    (breach,) = breaches(
        check, "job", {"spec.template.spec.containers.0.args.2": TEXT + SECRET}, data=(TEXT + SECRET).encode()
    )
    assert breach.message == "the manifest holds the script, which has a secret"


SPELLINGS = {
    "raw": VALUE,
    "inside": f"x{VALUE}y",
    "reversed": VALUE[::-1],
    "hex": VALUE.encode().hex(),
    "capital hex": VALUE.encode().hex().upper(),
    "url": quote(VALUE, safe=""),
    "base64": base64.b64encode(VALUE.encode()).decode(),
    "base64 one in": base64.b64encode(b"x" + VALUE.encode()).decode(),
    "base64 two in": base64.b64encode(b"xy" + VALUE.encode() + b"z").decode(),
    "url base64": base64.urlsafe_b64encode(VALUE.encode()).decode(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_fires_on_every_spelling(spelling: str) -> None:
    found = breaches(check, "job", {ANNOTATION: SPELLINGS[spelling]}, data=(TEXT + SECRET).encode())
    assert ("metadata", "annotations", "s2r-ci/job-name") in {breach.steps for breach in found}
