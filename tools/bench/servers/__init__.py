"""The server programs, each run as ``python -m tools.bench.servers.NAME --port N``."""
