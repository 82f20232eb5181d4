"""`OutgoingHeaders`: what a head is written from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class OutgoingHeaders(Protocol):
    """What a head can be written from: `HTTPHeaders`, or any object with its `get_all`."""

    def get_all(self) -> Iterable[tuple[str, str]]:
        """Every field as a pair of name and value."""
