"""The load generators, each run as ``python -m tools.bench.generators.NAME --port N``."""
