"""``python -m spikefarm`` is the command ``spikefarm``."""

import sys

from .cli import main

sys.exit(main())
