"""The Python interface: ``from s2r_ci import scan, convert_slurm_to_runai``.

``scan`` is the command's check or write as a function; ``convert_slurm_to_runai`` takes the text of one script and
gives the text of its manifest. Both ask the conversion service where the environment names one (``S2R_API_ENDPOINT``,
``S2R_SHARED_SECRET``), and work offline by rules where it does not, or where ``converter="rules"`` says so.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from s2r_ci.errors import ConfigurationError
from s2r_ci.model import Report, Script, Target

if TYPE_CHECKING:
    from s2r_ci.convert import Converter

__all__ = ["convert_slurm_to_runai", "scan"]


def scan(paths: Sequence[str] = (), *, write: bool = False, **settings: Any) -> Report:
    """Check (or write) the manifests of a repository and return the Report.

    ``paths``: files and folders, all in one repository; none: the repository around the working directory.
    ``settings``: as on the command line, with underscores (``fail_on="warning"``). Raises ConfigurationError for
    wrong ones and IncompleteError when another run holds the lock.
    """
    from s2r_ci.session import check

    given: dict[str, Any] = {name.replace("_", "-"): value for name, value in settings.items()}
    return check({**given, "paths": list(paths)}, verb="write" if write else "check")


def convert_slurm_to_runai(
    text: str | bytes, *, name: str = "job.sh", target: Target | None = None, **answers: Any
) -> str:
    """The manifest of one batch script, as YAML with its header.

    ``answers`` are fields of ``model.Target``: ``image="registry.example.com/ml:1"``, ``memory_mib=16384``. Raises
    ConversionError where sbatch would refuse the script, where it cannot be a single workload, or where the service
    gives no answer (unless S2R_ON_SERVICE_FAILURE is ``rules``); open questions stand as comments in the manifest.
    """
    from s2r_ci.frozen import replace
    from s2r_ci.pipeline import walk
    from s2r_ci.walked import document_of, refusal

    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else bytes(text)
    try:
        wish = replace(target or Target(), **answers)
    except TypeError as error:
        raise ConfigurationError(
            f"no such answer: {error}", hint="see s2r_ci.model.Target for their names"
        ) from None
    walked = walk(Script(path=os.path.basename(name) or "job.sh", data=data), wish, _converter(wish.converter))
    if walked.reading.refused or not walked.writable:
        raise refusal(walked)
    return document_of(walked, wish, f"{os.path.basename(name)}.runai.yaml").decode("utf-8")


def _converter(word: str) -> "Converter":
    """The converter that the environment and the target's own word ask for."""
    from s2r_ci.asking import access_for, service_for
    from s2r_ci.convert import load_converter
    from s2r_ci.frozen import replace
    from s2r_ci.settings import from_environment

    settings = replace(from_environment(os.environ), converter=word)
    access = access_for(settings, os.environ)
    if access is None:
        return load_converter("rules")
    if "S2R_ON_SERVICE_FAILURE" not in os.environ:  # a function has no exit code to say that nobody verified it
        settings = replace(settings, on_service_failure="fail")
    return service_for(access, settings, os.environ, root="").converter
