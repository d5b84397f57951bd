"""Property-based tests draw the same examples on every run of continuous integration."""

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("steady")
