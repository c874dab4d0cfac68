"""``python -m s2r_ci`` is ``s2r-scan``."""

from s2r_ci.cli import command

command()
