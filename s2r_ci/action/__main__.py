"""``python -m s2r_ci.action``: the one step of ``action.yml``."""

from s2r_ci.action.run import main
from s2r_ci.cli import as_process

as_process(main)
