"""One list of claims for every converter: by rules, and by a service that is asked over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from s2r_ci.asking import access_for, service_for
from s2r_ci.convert import CONVERTERS, Converter, load_converter
from s2r_ci.errors import ConversionError
from s2r_ci.judging import stands, unaccounted
from s2r_ci.model import ConversionRequest, Script, Target
from s2r_ci.pipeline import convertible, walk
from s2r_ci.settings import Settings
from tools.standin_service import SECRET, StandIn

EXAMPLES = sorted((Path(__file__).parents[1] / "examples" / "slurm").glob("*.sh"))
TARGET = Target(default_image="registry.example.com/ml/train:1.0", working_directory="/workspace", memory_mib=16384)
ARRAY_OVER_NODES = b"#!/bin/bash\n#SBATCH --array=1-3 --nodes=2 --mem=1G\nsrun ./a.out\n"


@contextmanager
def by_rules() -> Iterator[Converter]:
    yield load_converter("rules")


@contextmanager
def by_service() -> Iterator[Converter]:
    with StandIn(limit=1000) as standin:
        settings = Settings(api_endpoint=standin.address, on_service_failure="fail")
        environ = {"S2R_SHARED_SECRET": SECRET.decode()}
        access = access_for(settings, environ)
        assert access is not None
        yield service_for(access, settings, environ, root="").converter


KEEPERS = {"rules": by_rules, "service": by_service}


@pytest.fixture(scope="module", params=sorted(CONVERTERS))
def converter(request: pytest.FixtureRequest) -> Iterator[Converter]:
    with KEEPERS[request.param]() as made:
        yield made


def requests() -> list[ConversionRequest]:
    scripts = [Script(path=path.name, data=path.read_bytes()) for path in EXAMPLES]
    return [request for script in scripts if (request := convertible(script, TARGET))]


def test_the_examples_are_convertible() -> None:
    assert len(requests()) > 25


def test_what_is_written_is_judged_clean(converter: Converter) -> None:
    for request in requests():
        walked = walk(request.script, request.target, converter)
        assert walked.writable, (request.script.path, [f.message for f in walked.findings if stands(f)])


def test_the_ledger_adds_up(converter: Converter) -> None:
    for request in requests():
        assert not list(unaccounted(request.job, converter.convert(request)))


def test_the_same_request_gives_the_same_manifest(converter: Converter) -> None:
    for request in requests()[:8]:
        first, second = converter.convert(request), converter.convert(request)
        assert first.manifest.body == second.manifest.body
        assert first.questions == second.questions


def test_it_says_who_wrote(converter: Converter) -> None:
    result = converter.convert(requests()[0])
    assert result.provenance.converter in CONVERTERS
    assert result.provenance.version


def test_what_no_workload_can_be_is_refused_alike(converter: Converter) -> None:
    request = convertible(Script(path="array.sh", data=ARRAY_OVER_NODES), TARGET)
    assert request is not None
    with pytest.raises(ConversionError) as caught:
        converter.convert(request)
    assert type(caught.value) is ConversionError


def test_both_write_the_same_where_nobody_decides(tmp_path: Path) -> None:
    with by_rules() as rules, by_service() as service:
        for request in requests():
            assert rules.convert(request).manifest.body == service.convert(request).manifest.body
