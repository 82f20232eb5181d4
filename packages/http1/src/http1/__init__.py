"""HTTP/1.x on a stream, both ends, and a strict sans-I/O parser."""

__version__ = "1!0.1.0"
