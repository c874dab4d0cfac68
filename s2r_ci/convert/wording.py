"""How a question is put: the line that raises it, and the answer as a person can type it."""

import json
import re

from s2r_ci.model import Location
from s2r_ci.runai.distribution import Plan


def place(made: Plan, subject: str) -> Location:
    """The line that says something, or the script as a whole."""
    return made.job.origins.get(subject) or Location(path=made.request.script.path)


def answer(made: Plan, text: str) -> str:
    """The line of the settings that says this for the script alone."""
    path = made.request.script.path.encode("utf-8", "replace").decode()
    return f"answers = [{{ scripts = {json.dumps(path)}, {text} }}]"


def key(name: str) -> str:
    """The name as a key of TOML, in quotes where it needs them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
