"""``s2r-validate``: the staged manifests are YAML that cannot be misread, valid by the schema of their kind."""

from collections.abc import Sequence
from typing import Final, NoReturn

from s2r_ci.cli import as_process
from s2r_hooks.words import names_of, run_verb

_NAME: Final = (".runai.yaml", ".runai.yml")


def main(argv: Sequence[str] | None = None) -> int:
    """Validate those of the named files that are manifests; the exit code of ``s2r-scan validate``."""
    options, names = names_of(argv)
    manifests = [name for name in names if name.endswith(_NAME) or _says_so(name)]
    return run_verb("validate", options, manifests) if manifests else 0


def _says_so(name: str) -> bool:
    """A manifest by its first line, whatever its name: ``manifest-pattern`` may say another."""
    from s2r_ci.runai.document import MARKER

    try:
        with open(name, "rb") as file:
            return file.read(len(MARKER)) == MARKER.encode()
    except OSError:
        return True  # validate says what is wrong with it


def command() -> NoReturn:
    """The hook as a process of its own."""
    as_process(main)
