"""Run with ``hatch run bench``, or ``python tools/bench`` from anywhere."""

import sys
from pathlib import Path

# Python puts this very folder on the path when it runs a folder; the package is named from the root.
sys.path[0] = str(Path(__file__).resolve().parents[2])

from tools.bench.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
