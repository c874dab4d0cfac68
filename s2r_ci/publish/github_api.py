"""GitHub's REST interface, as far as we need it: one writer, paced, patient, and honest about what it was told.

Reading is repeated when an answer is lost. Writing is not: a request whose answer was lost may have been carried out,
so the caller says how to look (``done``), and only what is not there is written again. Limits are waited for as the
service says (Retry-After, the reset of the rate limit, a minute for a secondary limit without either) until the
deadline of the run. Redirects are not followed with a body or a token to another place.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import quote, urlencode, urlsplit

from s2r_ci import __version__
from s2r_ci.errors import ConfigurationError, PublishError

if TYPE_CHECKING:
    import requests

VERSION: Final = "2022-11-28"
_PACE_S: Final = 1.0  # between two writes: GitHub's own advice
_TRIES: Final = 4
_SECONDARY_S: Final = 60.0
_TIMEOUT_S: Final = (5.0, 30.0)
_LARGEST: Final = 32 * 1024 * 1024
_PER_PAGE: Final = 100
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")

_MOVED: Final = (301, 302, 303, 307, 308)
_MEANING: Final = {
    **dict.fromkeys(_MOVED, "the answer is a redirect, which is not followed with a token"),
    401: "the token is not valid (any more)",
    403: "the token may not do this",
    404: "there is no such thing, or the token may not see it",
    409: "the repository is empty, or changed under our hands",
    410: "this is switched off for the repository",
    413: "the request was too large",
    422: "GitHub did not accept the request",
    451: "the repository was taken down",
}
_HINTS: Final = {
    **dict.fromkeys(
        _MOVED, "check GITHUB_REPOSITORY, and GITHUB_API_URL: https://HOST/api/v3 on a server of your own"
    ),
    401: "give the step a token: token: ${{ github.token }}, or that of an App",
    403: "grant contents: write and pull-requests: write, and allow Actions to create pull requests in the settings",
    404: "check GITHUB_REPOSITORY and what the token may see",
    410: "switch it on in the repository's settings",
    422: "another run may have been faster: run again; if it stays, report it with this line",
}


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]


class GitHubError(PublishError):
    """GitHub said no. ``answered`` is the status of its answer, 0 where none came."""

    def __init__(self, what: str, *, answered: int = 0, where: str = "", hint: str = "") -> None:
        super().__init__(what, where=where, hint=hint)
        self.answered = answered


class Send(Protocol):
    """One request over the network. Raises OSError where no answer came."""

    def __call__(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> Answer:
        """Ask once."""


class GitHub:
    """One repository. ``sleep`` and ``clock`` come in so that nobody has to wait for a test."""

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        base: str = "https://api.github.com",
        send: Send | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        deadline_s: float = 900.0,
    ) -> None:
        if repository.count("/") != 1 or not all(repository.split("/")):
            raise ConfigurationError(
                f"{repository!a} is no repository", where="GITHUB_REPOSITORY", hint="OWNER/NAME"
            )
        parts = urlsplit(base)
        if parts.scheme != "https" and parts.hostname not in _LOCAL:
            raise ConfigurationError("a token is sent over https only", where="GITHUB_API_URL", hint="https://...")
        self.repository = repository
        self.calls: list[str] = []  # METHOD path, in order: what a report of a run shows
        self._base = base.rstrip("/")
        self._headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "User-Agent": f"s2r-ci/{__version__}",
            "X-GitHub-Api-Version": VERSION,
        }
        self._send = send or _over_http()
        self._sleep, self._clock = sleep, clock
        self._deadline = clock() + deadline_s
        self._next_write = 0.0

    @property
    def owner(self) -> str:
        """The account that the repository belongs to."""
        return self.repository.partition("/")[0]

    # --- reading ------------------------------------------------------------------------------------------

    def get(self, path: str, **query: str | int) -> Any:
        """The body of ``/repos/OWNER/NAME/path``. Raises GitHubError."""
        return self._reliable(path, query).body

    def find(self, path: str, **query: str | int) -> Any | None:
        """The same, None for 404."""
        try:
            return self.get(path, **query)
        except GitHubError as error:
            if error.answered == 404:
                return None
            raise

    def pages(self, path: str, **query: str | int) -> Iterator[Any]:
        """Each element of a list, page after page."""
        number = 1
        while True:
            page = self.get(path, **query, per_page=_PER_PAGE, page=number)
            yield from page
            if len(page) < _PER_PAGE:
                return
            number += 1

    def _reliable(self, path: str, query: Mapping[str, str | int]) -> Answer:
        text = f"?{urlencode(query)}" if query else ""
        for attempt in range(_TRIES):
            answer = self._once("GET", path + text, None)
            if answer is not None and answer.status < 500:
                return self._checked(answer, f"GET {path}")
            self._wait(2.0**attempt)
        raise GitHubError(
            "GitHub gave no answer",
            where=f"GET {path}",
            hint=f"run again later; if it stays, see whether this machine reaches {self._base}",
        )

    # --- writing ------------------------------------------------------------------------------------------

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        done: Callable[[], Any] | None = None,
    ) -> Any:
        """Carry out one change, once. ``done`` returns what the change would have made if it is there already.

        Raises GitHubError.
        """
        for attempt in range(_TRIES):
            self._pace()
            answer = self._once(method, path, body)
            if answer is not None and answer.status < 500:
                return self._checked(answer, f"{method} {path}").body
            self._wait(2.0**attempt)
            if done is not None and (found := done()) is not None:
                return found
            if done is None and answer is None:
                break  # nobody can tell whether it was carried out
        raise GitHubError(
            "GitHub gave no answer to a change",
            where=f"{method} {path}",
            hint="run again: what was done is seen then",
        )

    def _pace(self) -> None:
        left = self._next_write - self._clock()
        if left > 0:
            self._wait(left)
        self._next_write = self._clock() + _PACE_S

    # --- one request --------------------------------------------------------------------------------------

    def _once(self, method: str, path: str, body: Any) -> Answer | None:
        """Ask, and wait for limits as long as the deadline allows; None when no answer came."""
        while True:
            self.calls.append(f"{method} {path}")
            try:
                url = f"{self._base}/repos/{self.repository}/{path}".rstrip("/")
                answer = self._send(method, url, self._headers, body)
            except OSError:
                return None
            wait = self._limited(answer)
            if wait is None:
                return answer
            self._wait(wait)

    def _limited(self, answer: Answer) -> float | None:
        """How long to wait for a limit; None when there is none."""
        if answer.status not in (403, 429):
            return None
        after = answer.headers.get("retry-after", "")
        if after.isascii() and after.isdigit():
            return float(after) + 1
        if answer.headers.get("x-ratelimit-remaining") == "0":
            reset = answer.headers.get("x-ratelimit-reset", "")
            return (
                max(float(reset) - self._clock(), 0.0) + 1 if reset.isascii() and reset.isdigit() else _SECONDARY_S
            )
        said = str(answer.body.get("message", "")) if isinstance(answer.body, dict) else ""
        return _SECONDARY_S if answer.status == 429 or "secondary rate limit" in said.lower() else None

    def _wait(self, seconds: float) -> None:
        if self._clock() + seconds > self._deadline:
            raise GitHubError(
                f"GitHub asks to wait {seconds:.0f} seconds, longer than this run may take",
                answered=429,
                hint="run again later: what was done is not done twice",
            )
        self._sleep(seconds)

    def _checked(self, answer: Answer, where: str) -> Answer:
        if answer.status < 300:
            return self._understood(answer, where)
        said = _told(answer.body)
        what = _MEANING.get(answer.status, "GitHub did not answer as it should")
        raise GitHubError(
            f"{what} (status {answer.status}{': ' + said if said else ''})",
            answered=answer.status,
            where=where,
            hint=_HINTS.get(answer.status, "run again; if it stays, report it with this line"),
        )

    def _understood(self, answer: Answer, where: str) -> Answer:
        """The answer, which has to be JSON wherever there is one: a web site answers 200 with a page."""
        if answer.body is None and answer.status != 204:
            raise GitHubError(
                "the answer is no JSON, so this is not GitHub's interface",
                where=where,
                hint=f"check GITHUB_API_URL, which is {self._base}: https://HOST/api/v3 on GitHub Enterprise Server",
            )
        return answer


def _told(body: Any) -> str:
    """What GitHub says, in one line: its message, and what stands below ``errors``, which is often the better part."""
    if not isinstance(body, dict):
        return ""
    parts = [body.get("message"), *(body["errors"] if isinstance(body.get("errors"), list) else ())]
    words = [part.get("message") or f"{part.get('field', '')} {part.get('code', '')}".strip()
             if isinstance(part, dict) else part for part in parts]  # fmt: skip
    return "; ".join(str(word) for word in words if word)[:300]


def segment(text: str) -> str:
    """One part of a path, escaped."""
    return quote(text, safe="")


def reference(branch: str) -> str:
    """A branch as the interface for refs names it: one part of the path, its slashes escaped."""
    return segment(f"heads/{branch}")


def _over_http() -> Send:
    """The network. Proxies and certificate bundles are those of the environment; passwords of ``.netrc`` are not.

    Raises GitHubError for a certificate that cannot be trusted: no second try makes it better.
    """
    import requests

    session = requests.Session()
    session.auth = _no_auth

    def send(method: str, url: str, headers: Mapping[str, str], body: Any) -> Answer:
        try:
            with session.request(
                method,
                url,
                headers=dict(headers),
                json=body,
                timeout=_TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as got:
                data = got.raw.read(_LARGEST + 1, decode_content=True)
                if len(data) > _LARGEST:
                    raise OSError("the answer is too large")
                return Answer(got.status_code, _decoded(data), {k.lower(): v for k, v in got.headers.items()})
        except requests.exceptions.SSLError as error:
            raise GitHubError(
                f"the certificate of {urlsplit(url).hostname} cannot be trusted",
                where=f"{method} {urlsplit(url).path}",
                hint="where your network has a certificate authority of its own, set REQUESTS_CA_BUNDLE",
            ) from error
        except requests.RequestException as error:
            raise OSError(str(error)) from error

    return send


def _no_auth(prepared: "requests.PreparedRequest") -> "requests.PreparedRequest":
    """Keeps requests from looking into ``.netrc``: the header is set already."""
    return prepared


def _decoded(data: bytes) -> Any:
    import json

    try:
        return json.loads(data) if data else None
    except ValueError:
        return None  # a proxy's page: the status speaks
