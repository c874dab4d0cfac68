"""Generated examples are the same in every run, so that a red test is red for everybody; ``HYPOTHESIS_PROFILE=search``
looks for new ones.
"""

import os

from hypothesis import HealthCheck, settings

_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=_CALM)
settings.register_profile("search", deadline=None, suppress_health_check=_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
