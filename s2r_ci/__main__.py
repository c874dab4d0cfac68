"""``python -m s2r_ci`` is ``s2r-scan``."""

import sys

from s2r_ci.cli import main

sys.exit(main())
