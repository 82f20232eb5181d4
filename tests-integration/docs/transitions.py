"""A plugin of pytest that writes down which state follows which, while the tests of http1 run."""

import json
import os
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from http1 import HTTP1Connection
from http1._client import ResponseReader  # noqa: PLC2701 - its states are what is written down
from http1._message_parser import MessageParser  # noqa: PLC2701 - as above

#: By the class whose attribute holds the state.
WATCHED = {
    "parser": (MessageParser, "_state"),
    "writing": (HTTP1Connection, "writing"),
    "afterwards": (HTTP1Connection, "afterwards"),
    "reading": (ResponseReader, "_state"),
}

#: The environment variable that says where to write it.
FOLDER = "TRANSITIONS"


@pytest.fixture(scope="session", autouse=True)
def transitions() -> Iterator[None]:
    seen: dict[str, set[tuple[str, str]]] = {name: set() for name in WATCHED}
    with pytest.MonkeyPatch.context() as patch:
        for name, (owner, attribute) in WATCHED.items():
            patch.setattr(owner, attribute, watched(getattr(owner, attribute), seen[name]))
        yield
    report = {name: sorted(pairs) for name, pairs in seen.items()}
    Path(os.environ[FOLDER]).write_text(json.dumps(report))


def watched(slot: Any, seen: set[tuple[str, str]]) -> property:
    """What stands in for a slot, and notes its changes."""

    def write(owner: object, after: Enum) -> None:
        try:
            before = slot.__get__(owner)
        except AttributeError:
            pass  # its first value
        else:
            if before is not after:
                seen.add((before.value, after.value))
        slot.__set__(owner, after)

    return property(slot.__get__, write)
