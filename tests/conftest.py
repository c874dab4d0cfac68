"""Generated examples are the same in every run, so that a red test is red for everybody; ``HYPOTHESIS_PROFILE=search``
looks for new ones.
"""

import os
import signal
import threading

from hypothesis import HealthCheck, settings

_CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=_CALM)
settings.register_profile("search", deadline=None, suppress_health_check=_CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# A run in the background of a shell hears no SIGINT, nor do its children; some tests send it to theirs.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
