"""Where the service is, and the key: what is taken, and what ends the run before anything is sent (C-01, S-39)."""

import copy
import pickle
from pathlib import Path

import pytest

from s2r_ci.errors import ConfigurationError
from s2r_ci.remote.access import Access, Secret, access_of, origin_of, secret_of
from tests.remote.conftest import Run

KEY = "a-key-made-up-for-tests-0123456789-abcdef"


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://abc.lambda-url.us-west-2.on.aws/", "https://abc.lambda-url.us-west-2.on.aws"),
        ("https://ABC.Example.com", "https://abc.example.com"),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com:8443/", "https://example.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_that_is_safe_is_taken(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    ("address", "why"),
    [
        pytest.param("http://example.com", "not encrypted", id="http"),
        pytest.param("http://127.0.0.1.example.com", "not encrypted", id="http, only looks like loopback"),
        pytest.param("http://localhost@example.com", "user name", id="http, loopback as user"),
        pytest.param("http://10.0.0.7", "not encrypted", id="http, private net"),
        pytest.param("file:///etc/passwd", "does not begin", id="file"),
        pytest.param("ftp://example.com", "does not begin", id="ftp"),
        pytest.param("example.com", "does not begin", id="no scheme"),
        pytest.param("https://user:pass@example.com", "user name", id="user info"),
        pytest.param("https://b\u00fccher.example", "not ASCII", id="unicode host"),
        pytest.param("https://\u0435xample.com", "not ASCII", id="cyrillic letter"),
        pytest.param("https://example.com:0", "port 0", id="port 0"),
        pytest.param("https://example.com:99999", "host and port", id="port too high"),
        pytest.param("https://example.com:x", "host and port", id="port no number"),
        pytest.param("https://example.com/v1/convert", "path", id="path"),
        pytest.param("https://example.com/?x=1", "path", id="query"),
        pytest.param("https://example.com/#x", "path", id="fragment"),
        pytest.param("https://example.com?", "host|path", id="empty query"),
        pytest.param("https://", "host", id="no host"),
        pytest.param("https://exa mple.com", "host", id="blank"),
        pytest.param("https://example.com\\@evil.example", "user name|host", id="backslash"),
        pytest.param("https://[::1", "host", id="bracket open"),
    ],
)
def test_an_address_that_is_not_safe_is_refused(address: str, why: str) -> None:
    """C-01."""
    with pytest.raises(ConfigurationError, match=why):
        origin_of(address)


def test_an_unsafe_address_ends_the_run_before_anything_is_read(run: Run) -> None:
    ended = run("http://example.com", "write")
    assert ended.code == 2
    assert "not encrypted" in ended.err


# --- the key -------------------------------------------------------------------------------------------------


def test_the_key_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    for environ in ({"S2R_SHARED_SECRET": KEY}, {"S2R_SHARED_SECRET_FILE": str(tmp_path / "key")}):
        found = secret_of(environ)
        assert found is not None
        assert found.octets == KEY.encode()
    assert secret_of({}) is None
    assert secret_of({"S2R_SHARED_SECRET": "  "}) is None  # the Action hands over an empty input


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("short", id="short"),
        pytest.param("a" * 31, id="31 octets"),
        pytest.param("a" * 64, id="one letter"),
        pytest.param("x" * 257, id="too long"),
        pytest.param("s2r-shared-secret-change-this-in-production", id="the default of the first s2r"),
        pytest.param(KEY + "\n\n", id="two line feeds"),
    ],
)
def test_a_weak_key_ends_the_run_and_is_not_shown(text: str) -> None:
    """S-39."""
    with pytest.raises(ConfigurationError) as caught:
        secret_of({"S2R_SHARED_SECRET": text})
    assert text.strip() not in str(caught.value)
    assert caught.value.exit_code == 2


def test_two_keys_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="both set"):
        secret_of({"S2R_SHARED_SECRET": KEY, "S2R_SHARED_SECRET_FILE": str(tmp_path)})


def test_a_file_that_cannot_be_read_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        secret_of({"S2R_SHARED_SECRET_FILE": str(tmp_path)})


def test_a_key_cannot_be_shown_or_copied() -> None:
    access = access_of("https://example.com", "ci", {"S2R_SHARED_SECRET": KEY})
    assert isinstance(access, Access)
    assert KEY not in repr(access) + str(access.secret) + f"{access.secret!r}"
    with pytest.raises(TypeError):
        pickle.dumps(access)
    with pytest.raises(TypeError):
        copy.deepcopy(Secret(KEY.encode()))


@pytest.mark.parametrize("where", ["argument", "file"])
def test_a_key_in_the_wrong_place_is_refused_and_not_shown(run: Run, repository: Path, where: str) -> None:
    if where == "file":
        (repository / "s2r-ci.toml").write_text(f'shared-secret = "{KEY}"\n')
    ended = run(None, "check", *(["--shared-secret", KEY] if where == "argument" else []))
    assert ended.code == 2
    assert KEY not in ended.out
    assert where == "argument" or KEY not in ended.err
