"""`HeadShape`: request heads with the same field names in the same order, read by one expression.

A client names the same fields in the same order in one request after the other; what differs is
the values. When an order of names has come often enough, an expression is made for it that accepts
exactly the good heads of that shape, and finds the parts of the request line and the values on the
way: one call in the place of a loop over the lines. A head that it does not match is nothing
special, and is read line by line as every head is whose shape is not known.

A parser tries the shape that the head before had. If that is not it, it finds out which names there
are, and tries the shape that they make. To make an expression takes as long as some fifty requests,
so it has to be earned, and the table is bounded. Who sends names in ever new orders gains nothing,
and costs the others next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ._field_names import FRAMING
from ._grammar import CRLF
from ._grammar import CRLF_CRLF
from ._grammar import LINE_REST
from ._grammar import PLAIN_REQUEST_LINE

Names = tuple[bytes, ...]

# What looks like the name of a field in a head of which nothing is known.
_NAME: Final = re.compile(rb"\n([^:\n]*):")

# How often a shape has to come before it is worth an expression.
_SIGHTINGS: Final = 500

# How many shapes are counted at a time, and how many with an expression outlast it when the table is
# full.
_MAX_SEEN: Final = 256
_MAX_LEARNED: Final = 128

# Browsers send a dozen or two.
_MAX_FIELDS: Final = 40


# Groups are counted from one; method and target come before the values.
_FIRST_VALUE: Final = 3


class HeadShape:
    """The field names of a head, in their order, spelled as they came.

    They have to be tokens, and Host to be exactly one of them.
    """

    __slots__ = ("framing", "host", "lower_names", "match", "names")

    def __init__(self, names: Names) -> None:
        #: The names.
        self.names = names
        #: The names in lower case.
        self.lower_names = tuple([name.lower() for name in names])
        #: Matches a head with its empty line. Groups: the method, the target, each value, which
        #: may have white space around it.
        self.match: Callable[[bytes, int], re.Match[bytes] | None] = _expression(names).match
        known = [FRAMING.get(name) for name in self.lower_names]
        #: The group that is the value of Host.
        self.host = _FIRST_VALUE + known.index("host")
        #: The groups of the fields that say something about framing, with their names there.
        self.framing = [
            (group, name)
            for group, name in enumerate(known, _FIRST_VALUE)
            if name not in (None, "host")
        ]


def _expression(names: Names) -> re.Pattern[bytes]:
    lines = [CRLF + re.escape(name) + b":(" + LINE_REST + b")" for name in names]
    return re.compile(PLAIN_REQUEST_LINE.pattern + b"".join(lines) + CRLF_CRLF)


class _Sighting:
    """How often a shape has come, and the shape when that was often enough."""

    __slots__ = ("count", "shape")

    def __init__(self) -> None:
        self.count = 1
        self.shape: HeadShape | None = None


class HeadShapes:
    """The shapes that came often."""

    __slots__ = ("_seen", "latest")

    def __init__(self) -> None:
        self._seen: dict[Names, _Sighting] = {}
        #: The one that was asked for last: a good guess for a new connection.
        self.latest: HeadShape | None = None

    def find(self, data: bytes, start: int, end: int) -> HeadShape | None:
        """The shape that the head in `data`, from `start` to `end`, seems to have.

        None if that has not come often enough.
        """
        seen = self._seen.get(tuple(_NAME.findall(data, start, end)))
        shape = None if seen is None else seen.shape
        if shape is not None:
            self.latest = shape
        return shape

    def get(self, names: list[bytes]) -> HeadShape | None:
        """The shape of a valid head with these names, if it has come often enough by now."""
        key = tuple(names)
        seen = self._seen.get(key)
        if seen is None:
            if len(names) <= _MAX_FIELDS:
                self._make_room()
                self._seen[key] = _Sighting()
            return None
        shape = seen.shape
        if shape is None:
            seen.count += 1
            if seen.count < _SIGHTINGS:
                return None
            shape = seen.shape = HeadShape(key)
        self.latest = shape
        return shape

    def _make_room(self) -> None:
        """Forget what has not come often, or everything: what is popular comes back soon."""
        if len(self._seen) >= _MAX_SEEN:
            often = {names: seen for names, seen in self._seen.items() if seen.shape is not None}
            self._seen = often if len(often) < _MAX_LEARNED else {}


#: The shapes of the requests that this process has read.
shapes: Final = HeadShapes()
