"""Settings: defaults, files, environment and arguments become one frozen value for a run, and for each script."""

from s2r_ci.settings.keys import KEYS, Key
from s2r_ci.settings.settings import Settings
from s2r_ci.settings.site import Answer
from s2r_ci.settings.tree import SettingsTree, from_environment, resolve

__all__ = ["KEYS", "Answer", "Key", "Settings", "SettingsTree", "from_environment", "resolve"]
