"""Property-based tests take the time they need, and draw the same examples on every run of continuous integration."""

import os

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady" if os.environ.get("CI") else "patient")
