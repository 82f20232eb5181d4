"""Fuzz one target until libFuzzer's arguments say stop: `python tools/fuzz/one.py TARGET [ARGUMENT...]`."""

import sys
from pathlib import Path

import atheris

sys.path[0] = str(Path(__file__).resolve().parents[2])

with atheris.instrument_imports(include=["http1"]):
    from tools.fuzz.targets import TARGETS

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
