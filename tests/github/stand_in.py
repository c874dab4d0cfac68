"""A GitHub on loopback: its REST interface over a real bare repository, and git itself over HTTP.

What is stored are pull requests, issues, comments and labels; commits, trees and refs are git's own. Every request and
every answer is held against GitHub's description; what does not fit is kept in ``wrong`` and fails the test. Faults are
scripted: an answer instead of the work, or the work without the answer (``lost``).
"""

import base64
import json
import os
import re
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from .description import PLACE, Operation, answer_troubles, operation, sample, schema_sample, troubles

OWNER, NAME = "team", "jobs"
TOKEN = "made-up-token-of-a-test"
BOT = "s2r[bot]"


class Fault(NamedTuple):
    """What happens to the next ``times`` requests that match ``METHOD path``."""

    pattern: str
    status: int = 0
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012  read only
    lost: bool = False  # carried out, and the answer is lost
    dropped: bool = False  # not carried out, no answer
    before: Callable[[], object] | None = None  # something that happens in between


class RefusalError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"message": message, "documentation_url": "https://docs.github.com/rest"}


class GitHubStandIn:
    """The state of one repository, ``team/jobs`` unless told otherwise."""

    def __init__(self, bare: Path, described: Path = PLACE, repository: str = f"{OWNER}/{NAME}") -> None:
        self.bare, self.described, self.repository = bare, described, repository
        self.owner = repository.partition("/")[0]
        self.calls: list[str] = []
        self.wrong: list[str] = []
        self.faults: list[Fault] = []
        self.pulls: dict[int, dict[str, Any]] = {}
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: list[dict[str, Any]] = []
        self.reactions: list[tuple[int, str]] = []
        self.permissions = {BOT: "write", "robin": "write", "stranger": "read"}
        self.dies_after: int | None = None  # requests; then the run cannot go on, as if it had been killed
        self.lock = threading.RLock()

    def told(self) -> dict[str, Any]:
        """What was done here."""
        with self.lock:
            pulls = [_shared(pull) for pull in self.pulls.values()]
            return {"pulls": pulls, "comments": self.comments, "calls": self.calls, "wrong": self.wrong}

    # --- git ----------------------------------------------------------------------------------------------

    def git(self, *words: str, stdin: bytes = b"", check: bool = True) -> str:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        for who in ("AUTHOR", "COMMITTER"):
            environ |= {f"GIT_{who}_NAME": BOT, f"GIT_{who}_EMAIL": "bot@example.org"}
        done = subprocess.run(
            ["git", *words], cwd=self.bare, env=environ, input=stdin, capture_output=True, check=False
        )
        if done.returncode and check:
            raise RefusalError(422, done.stderr.decode()[:200])
        return done.stdout.decode().strip()

    def head(self, branch: str) -> str:
        return self.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False)

    def files(self, branch: str) -> dict[str, str]:
        """Path → content of every file of a branch."""
        names = self.git("ls-tree", "-r", "-z", "--name-only", f"refs/heads/{branch}").split("\0")
        return {name: self.git("show", f"refs/heads/{branch}:{name}") for name in names if name}

    def commit(self, branch: str, path: str, text: str, message: str = "by a person") -> str:
        """Somebody commits one file to a branch."""
        with self.lock:
            parent = self.head(branch)
            blob = self.git("hash-object", "-w", "--stdin", stdin=text.encode())
            index = str(self.bare / f"index-{threading.get_ident()}")
            environ = {**os.environ, "GIT_INDEX_FILE": index}
            for words in (["read-tree", parent], ["update-index", "--add", "--cacheinfo", f"100644,{blob},{path}"]):
                subprocess.run(["git", *words], cwd=self.bare, env=environ, check=True)
            tree = subprocess.run(
                ["git", "write-tree"], cwd=self.bare, env=environ, check=True, capture_output=True, text=True
            ).stdout.strip()
            made = self.git("commit-tree", tree, "-p", parent, stdin=message.encode())
            self.git("update-ref", f"refs/heads/{branch}", made)
            return made

    # --- answers ------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        found = operation(method, path, self.described)
        if found is None:
            self.wrong.append(f"{method} {path} is not described")
            return 404, {"message": "Not Found"}
        if said := troubles(found, body):
            self.wrong.append(f"{method} {path}: {said}")
            return 422, {"message": "Invalid request", "errors": said}
        handler = getattr(self, f"_{found.method}_{_word(found.path)}")
        try:
            status, made = handler(found, query, body or {})
        except RefusalError as refusal:
            return refusal.status, refusal.body
        if said := answer_troubles(found, status, made):
            self.wrong.append(f"answer to {method} {path}: {said[:4]}")
        return status, made

    def _get_repo(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, {**sample(found, 200), "full_name": self.repository, "default_branch": "main"}

    def _get_git_ref_ref(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        branch = unquote(found.values["ref"]).removeprefix("heads/")
        if not (head := self.head(branch)):
            raise RefusalError(404, "Not Found")
        return 200, _reference(branch, head)

    def _post_git_refs(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        branch = body["ref"].removeprefix("refs/heads/")
        if self.head(branch):
            raise RefusalError(422, "Reference already exists")
        self.git("update-ref", f"refs/heads/{branch}", body["sha"])
        return 201, _reference(branch, body["sha"])

    def _patch_git_refs_ref(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        branch = unquote(found.values["ref"]).removeprefix("heads/")
        head = self.head(branch)
        if not head:
            raise RefusalError(422, "Reference does not exist")
        forward = self.git("merge-base", head, body["sha"], check=False) == head
        if not forward and not body.get("force"):
            raise RefusalError(422, "Update is not a fast forward")
        assert not body.get("force"), "nothing is ever forced"
        self.git("update-ref", f"refs/heads/{branch}", body["sha"])
        return 200, _reference(branch, body["sha"])

    def _delete_git_refs_ref(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        branch = unquote(found.values["ref"]).removeprefix("heads/")
        if not self.head(branch):
            raise RefusalError(422, "Reference does not exist")
        self.git("update-ref", "-d", f"refs/heads/{branch}")
        for pull in self.pulls.values():
            if pull["head"]["ref"] == branch and pull["state"] == "open":
                pull["state"] = "closed"
        return 204, None

    def _get_git_commits_commit_sha(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, self._git_commit(found.values["commit_sha"], 200)

    def _git_commit(self, sha: str, status: int) -> Any:
        tree, parents, message = self.git("show", "-s", "--format=%T%n%P%n%B", sha).split("\n", 2)
        made = schema_sample("git-commit")
        made["tree"]["sha"] = tree
        made["parents"] = [
            {"sha": p, "url": "https://x.example", "html_url": "https://x.example"} for p in parents.split()
        ]
        return {**made, "sha": sha, "message": message}

    def _post_git_commits(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        words = [word for parent in body["parents"] for word in ("-p", parent)]
        return 201, self._git_commit(
            self.git("commit-tree", body["tree"], *words, stdin=body["message"].encode()), 201
        )

    def _post_git_trees(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        index = {**os.environ, "GIT_INDEX_FILE": str(self.bare / f"index-{threading.get_ident()}")}
        subprocess.run(["git", "read-tree", body["base_tree"]], cwd=self.bare, env=index, check=True)
        for entry in body["tree"]:
            if entry.get("sha", "") is None:
                gone = f"0 {'0' * 40}\t{entry['path']}\0".encode()
                removing = ["git", "update-index", "-z", "--index-info"]
                subprocess.run(removing, cwd=self.bare, env=index, input=gone, check=True)
                continue
            blob = self.git("hash-object", "-w", "--stdin", stdin=entry["content"].encode())
            words = ["git", "update-index", "--add", "--cacheinfo", f"{entry['mode']},{blob},{entry['path']}"]
            subprocess.run(words, cwd=self.bare, env=index, check=True)
        tree = subprocess.run(
            ["git", "write-tree"], cwd=self.bare, env=index, check=True, capture_output=True, text=True
        ).stdout.strip()
        return 201, {"sha": tree, "url": "https://x.example", "truncated": False, "tree": []}

    def _get_git_trees_tree_sha(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        entries = []
        for line in self.git("ls-tree", "-r", "-z", found.values["tree_sha"]).split("\0"):
            if line:
                mode, kind, sha, path = re.fullmatch(r"(\d+) (\w+) (\w+)\t(.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]
                entries.append(
                    {"path": path, "mode": mode, "type": kind, "sha": sha, "size": 1, "url": "https://x.example"}
                )
        return 200, {
            "sha": found.values["tree_sha"],
            "url": "https://x.example",
            "truncated": False,
            "tree": entries,
        }

    def _get_git_blobs_file_sha(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        data = subprocess.run(
            ["git", "cat-file", "blob", found.values["file_sha"]], cwd=self.bare, check=True, capture_output=True
        ).stdout
        content = base64.encodebytes(data).decode()
        return 200, {
            **sample(found, 200), "content": content, "encoding": "base64", "size": len(data),
            "sha": found.values["file_sha"],
        }  # fmt: skip

    def _get_compare_basehead(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        base, head = unquote(found.values["basehead"]).split("...")
        shared = self.git("merge-base", base, head, check=False)
        if not shared:
            raise RefusalError(404, "Not Found")
        behind = len(self.git("rev-list", f"{head}..{base}").split())
        ahead = len(self.git("rev-list", f"{base}..{head}").split())
        files = list(self._changed(shared, head))
        commit = self._commit(head)
        return 200, {
            **sample(found, 200), "base_commit": commit, "merge_base_commit": commit, "commits": [],
            "behind_by": behind, "ahead_by": ahead, "files": files[:300],
        }  # fmt: skip

    def _changed(self, base: str, head: str) -> Iterator[dict[str, Any]]:
        """The files of a comparison; what is taken away and comes elsewhere alike is one entry, as on GitHub."""
        words = {"A": "added", "M": "modified", "D": "removed", "R": "renamed"}
        rows = iter(self.git("diff", "--raw", "--no-abbrev", "-z", "-M", base, head).split("\0"))
        for row in rows:
            if not row:
                continue
            _, _, old, new, letter = row.split()
            path, status = next(rows), words[letter[0]]
            renamed = {"previous_filename": path} if status == "renamed" else {}
            name = next(rows) if renamed else path
            sha = old if status == "removed" else new
            yield {**schema_sample("diff-entry"), **renamed, "sha": sha, "filename": name, "status": status}

    def _commit(self, sha: str) -> dict[str, Any]:
        parents, message = self.git("show", "-s", "--format=%P%n%B", sha).split("\n", 1)
        who = {**schema_sample("simple-user"), "login": BOT}
        made = {**schema_sample("commit"), "author": who, "committer": who}
        made["commit"]["message"] = message
        made["parents"] = [
            {"sha": p, "url": "https://x.example", "html_url": "https://x.example"} for p in parents.split()
        ]
        return {**made, "sha": sha}

    def _get_collaborators_username_permission(
        self, found: Operation, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        who = unquote(found.values["username"])
        if who not in self.permissions:
            raise RefusalError(404, "Not Found")
        return 200, {"permission": self.permissions[who], "role_name": self.permissions[who], "user": None}

    # --- pull requests ------------------------------------------------------------------------------------

    def _get_pulls(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        kept = []
        for pull in reversed(self.pulls.values()):
            head = query.get("head", f"{self.owner}:{pull['head']['ref']}")
            if (
                query.get("state", "open") in ("all", pull["state"])
                and head == f"{self.owner}:{pull['head']['ref']}"
                and query.get("base", pull["base"]["ref"]) == pull["base"]["ref"]
            ):
                kept.append({**schema_sample("pull-request-simple"), **_shared(self._fresh(pull))})
        return 200, _page(kept, query)

    def _fresh(self, pull: dict[str, Any]) -> dict[str, Any]:
        if pull["state"] == "open" and (head := self.head(pull["head"]["ref"])):
            pull["head"]["sha"] = head
        return pull

    def _get_pulls_pull_number(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, self._fresh(self._pull(found))

    def _pull(self, found: Operation) -> dict[str, Any]:
        number = int(found.values["pull_number"])
        if number not in self.pulls:
            raise RefusalError(404, "Not Found")
        return self.pulls[number]

    def _post_pulls(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        branch = body["head"]
        if not self.head(branch):
            raise RefusalError(422, "Validation Failed: head is invalid")
        if any(p["state"] == "open" and p["head"]["ref"] == branch for p in self.pulls.values()):
            raise RefusalError(422, "Validation Failed: A pull request already exists for team:branch.")
        if len(body["body"]) > 65_536:
            raise RefusalError(422, "Validation Failed: body is too long (maximum is 65536 characters)")
        number = len(self.pulls) + len(self.issues) + 1
        made = sample(found, 201)
        made["user"] = {**schema_sample("simple-user"), "login": BOT}
        for side, ref in (("head", branch), ("base", body["base"])):
            repo = {**schema_sample("repository"), "full_name": self.repository, "fork": False}
            made[side] = {**made[side], "ref": ref, "sha": self.head(ref), "repo": repo}
        self.pulls[number] = {
            **made, "number": number, "state": "open", "title": body["title"], "body": body["body"],
            "draft": body.get("draft", False), "merged_at": None, "labels": [], "requested_reviewers": [],
            "html_url": f"https://github.example/{self.repository}/pull/{number}",
        }  # fmt: skip
        return 201, self.pulls[number]

    def _patch_pulls_pull_number(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        pull = self._pull(found)
        pull |= {name: body[name] for name in ("title", "body", "state") if name in body}
        return 200, self._fresh(pull)

    def _get_pulls_pull_number_commits(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        pull = self._fresh(self._pull(found))
        every = self.git(
            "rev-list", "--reverse", f"{self.head(pull['base']['ref'])}..{pull['head']['sha']}"
        ).split()
        return 200, _page([self._commit(sha) for sha in every], query)

    def _post_pulls_pull_number_requested_reviewers(
        self, found: Operation, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        pull = self._pull(found)
        if pull["user"]["login"] in body["reviewers"]:
            raise RefusalError(422, "Review cannot be requested from pull request author.")
        if unknown := set(body["reviewers"]) - set(self.permissions):
            raise RefusalError(422, f"Reviews may only be requested from collaborators: {unknown}")
        people = [{**schema_sample("simple-user"), "login": name} for name in body["reviewers"]]
        pull["requested_reviewers"] += people
        return 201, {**schema_sample("pull-request-simple"), **_shared(pull), "requested_reviewers": people}

    # --- issues -------------------------------------------------------------------------------------------

    def _get_issues(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        kept = [issue for issue in self.issues.values() if query.get("state", "open") in ("all", issue["state"])]
        return 200, _page(list(reversed(kept)), query)

    def _post_issues(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        number = len(self.pulls) + len(self.issues) + 1
        self.issues[number] = {
            **sample(found, 201), "number": number, "title": body["title"], "body": body["body"], "state": "open",
            "html_url": f"https://github.example/{self.repository}/issues/{number}",
            "user": {**schema_sample("simple-user"), "login": BOT}, "labels": [],
        }  # fmt: skip
        return 201, self.issues[number]

    def _patch_issues_issue_number(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        issue = self.issues[int(found.values["issue_number"])]
        issue |= {name: body[name] for name in ("title", "body", "state") if name in body}
        return 200, issue

    def _get_issues_issue_number(self, found: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
        return 200, self.issues[int(found.values["issue_number"])]

    def _get_issues_issue_number_comments(
        self, found: Operation, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        number = int(found.values["issue_number"])
        return 200, _page([c for c in self.comments if c["issue_url"].endswith(f"/{number}")], query)

    def _post_issues_issue_number_comments(
        self, found: Operation, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        return 201, self.comment(int(found.values["issue_number"]), body["body"], BOT)

    def comment(self, number: int, text: str, who: str) -> dict[str, Any]:
        """Somebody comments."""
        made = {
            **schema_sample("issue-comment"), "id": len(self.comments) + 1, "body": text,
            "issue_url": f"https://github.example/repos/{self.repository}/issues/{number}",
            "user": {**schema_sample("simple-user"), "login": who},
        }  # fmt: skip
        self.comments.append(made)
        return made

    def _patch_issues_comments_comment_id(
        self, found: Operation, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        comment = self.comments[int(found.values["comment_id"]) - 1]
        comment["body"] = body["body"]
        return 200, comment

    def _post_issues_comments_comment_id_reactions(
        self, found: Operation, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        self.reactions.append((int(found.values["comment_id"]), body["content"]))
        return 201, {**sample(found, 201), "content": body["content"]}

    def _post_issues_issue_number_labels(
        self, found: Operation, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        labels = [{**schema_sample("label"), "name": name} for name in body["labels"]]
        number = int(found.values["issue_number"])
        (self.pulls.get(number) or self.issues[number])["labels"] = labels
        return 200, labels


def _word(path: str) -> str:
    rest = path.removeprefix("/repos/{owner}/{repo}").strip("/")
    return re.sub(r"[^a-z]+", "_", rest).strip("_") or "repo"


def _reference(branch: str, sha: str) -> dict[str, Any]:
    made = schema_sample("git-ref")
    made["object"] = {"type": "commit", "sha": sha, "url": "https://x.example"}
    return {**made, "ref": f"refs/heads/{branch}"}


def _shared(pull: dict[str, Any]) -> dict[str, Any]:
    names = ("number", "state", "title", "body", "draft", "merged_at", "html_url", "user", "head", "base")
    return {name: pull[name] for name in names}


def _page(rows: list[Any], query: dict[str, str]) -> list[Any]:
    size, number = int(query.get("per_page", "30")), int(query.get("page", "1"))
    return rows[size * (number - 1) : size * number]


# --- HTTP ---------------------------------------------------------------------------------------------------


@contextmanager
def served(state: GitHubStandIn, prefix: str = "", tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of the stand-in: ``http://127.0.0.1:PORT``; the interface below it and ``prefix``, git at
    ``/OWNER/NAME.git``. What is neither is a page of the web site, and a trouble.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 65536

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length)
            parts = urlsplit(self.path)
            if parts.path.startswith(f"/{state.repository}.git/"):
                _git_over_http(self, state, data)
                return
            if parts.path == "/stand-in":  # for who looks from another process: no request to GitHub
                self._answer(200, state.told(), {})
                return
            path = parts.path.removeprefix(prefix)
            call = f"{self.command} {unquote(path.removeprefix(f'/repos/{state.repository}')).strip('/')}"
            with state.lock:
                state.calls.append(call)
                if not parts.path.startswith(f"{prefix}/repos/"):
                    state.wrong.append(f"{self.command} {parts.path} is not below {prefix}/repos")
                    self._answer(200, None, {"Content-Type": "text/html"}, b"<html>the web site</html>")
                    return
                status, body, headers = _carried_out(state, call, self, path, parts.query, data)
            if status < 0:
                self.close_connection = True
                self.connection.close()
                return
            self._answer(status, body, headers)

        def _answer(self, status: int, body: Any, headers: dict[str, str], page: bytes = b"") -> None:
            text = page if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815  as http.server asks for them

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _carried_out(
    state: GitHubStandIn, call: str, handler: BaseHTTPRequestHandler, path: str, query: str, data: bytes
) -> tuple[int, Any, dict[str, str]]:
    if handler.headers.get("Authorization") != f"Bearer {TOKEN}":
        return 401, {"message": "Bad credentials"}, {}
    if state.dies_after is not None:
        state.dies_after -= 1
        if state.dies_after < 0:
            return 401, {"message": "dead"}, {}
    fault = next((each for each in state.faults if re.search(each.pattern, call)), None)
    if fault is not None:
        state.faults.remove(fault)
        if fault.before is not None:
            fault.before()
        if fault.dropped:
            return -1, None, {}
        if fault.status:
            return fault.status, fault.body or {"message": "as scripted"}, fault.headers
    values = {name: each[-1] for name, each in parse_qs(query).items()}
    status, body = state.answer(handler.command, path, values, json.loads(data) if data else None)
    return (-1, None, {}) if fault is not None and fault.lost else (status, body, {})


def _git_over_http(handler: BaseHTTPRequestHandler, state: GitHubStandIn, data: bytes) -> None:
    """git's own CGI program behind basic authentication."""
    scheme, _, given = handler.headers.get("Authorization", "").partition(" ")
    wanted = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()
    if scheme.lower() != "basic" or given != wanted:
        handler.send_response(401)
        handler.send_header("WWW-Authenticate", 'Basic realm="git"')
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return
    parts = urlsplit(handler.path)
    environ = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(state.bare.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": parts.path.replace(f"/{state.repository}.git", f"/{state.bare.name}"),
        "QUERY_STRING": parts.query,
        "REQUEST_METHOD": handler.command,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(data)),
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
        "REMOTE_USER": "bot",
    }
    done = subprocess.run(["git", "http-backend"], input=data, capture_output=True, env=environ, check=True)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    handler.send_response(int(fields.pop("Status", "200 OK").split()[0]))
    for name, value in fields.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
