"""Listening sockets, worker processes, and the loop that serves them."""

__version__ = "1!0.1.0"
