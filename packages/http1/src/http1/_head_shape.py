"""`HeadShape`: request heads with the same field names in the same order, read by one expression.

A client names the same fields in the same order in one request after the other; what differs is
the values. When an order of names has come often enough, an expression is made for it that accepts
exactly the good heads of that shape, and finds the parts of the request line and the values on the
way: one call in the place of a loop over the lines. A head that it does not match is nothing
special, and is read line by line as every head is whose shape is not known.

To make an expression takes as long as some fifty requests, so it has to be earned, and both tables
are bounded. Who sends names in ever new orders gains nothing, and costs the others nothing.
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

# How often a shape has to come before it is worth an expression.
_SIGHTINGS: Final = 100

# How many shapes are counted, and how many have expressions. Popular ones come back soon.
_MAX_SEEN: Final = 256
_MAX_LEARNED: Final = 64

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


class HeadShapes:
    """The shapes that came often."""

    __slots__ = ("_learned", "_seen", "latest")

    def __init__(self) -> None:
        self._seen: dict[Names, int] = {}
        self._learned: dict[Names, HeadShape] = {}
        #: The one that was asked for last: a good guess for a new connection.
        self.latest: HeadShape | None = None

    def get(self, names: Names) -> HeadShape | None:
        """The shape of a valid head with these names, if it has come often enough."""
        shape = self._learned.get(names)
        if shape is None:
            count = self._seen.get(names, 0) + 1
            if count < _SIGHTINGS:
                if count == 1 and len(self._seen) >= _MAX_SEEN:
                    self._seen.clear()
                self._seen[names] = count
                return None
            del self._seen[names]
            if len(self._learned) >= _MAX_LEARNED:
                del self._learned[next(iter(self._learned))]
            shape = self._learned[names] = HeadShape(names)
        self.latest = shape
        return shape


#: The shapes of the requests that this process has read.
shapes: Final = HeadShapes()


def shape_of(names: list[bytes]) -> HeadShape | None:
    """The shape of a head that was found valid line by line, its names all of usual length."""
    return shapes.get(tuple(names)) if len(names) <= _MAX_FIELDS else None
