"""One comment on a pull request with what was found, kept up to date in place."""

from typing import Final

from s2r_ci.publish.github_api import GitHub

_MARKER: Final = "<!-- s2r-ci findings -->"
_LONGEST: Final = 60_000  # characters
_CUT: Final = "\n\nCut here: the job summary holds the rest.\n"


def keep_comment(gh: GitHub, number: int, text: str) -> None:
    """Write the comment, or renew it where it says something else. Raises GitHubError."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rpartition("\n")[0] + _CUT
    body = f"{_MARKER}\n{text.strip()}\n"
    for known in gh.pages(f"issues/{number}/comments"):
        if (known["body"] or "").startswith(_MARKER):
            if (known["body"] or "").replace("\r\n", "\n").strip() != body.strip():
                gh.write("PATCH", f"issues/comments/{known['id']}", {"body": body}, done=lambda: None)
            return
    gh.write("POST", f"issues/{number}/comments", {"body": body}, done=lambda: None)
