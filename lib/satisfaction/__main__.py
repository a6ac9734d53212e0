"""``python -m satisfaction``."""

from __future__ import annotations

import sys

from satisfaction.cli import main

if __name__ == "__main__":
    sys.exit(main())
