"""How far back a regular expression must be searched again when more bytes come."""

from __future__ import annotations

import functools
import re
from re import _parser  # type: ignore[attr-defined]  # noqa: PLC2701 - see widest_match

# A match can be at most this wide to count as bounded.
_WIDEST = 65536


@functools.lru_cache(maxsize=64)
def widest_match(pattern: re.Pattern[bytes]) -> int | None:
    """The greatest number of bytes that ``pattern`` can match, None when there is no bound.

    ``re`` can't resume a search. When a search of ``n`` bytes has failed, a match that needs
    further bytes begins at most ``widest_match`` before their end, so the next search can
    begin there. The parser of ``re`` knows that width; it is an undocumented module, which
    has kept this interface since Python 2.0, and there is no public way to the same answer.

    A pattern with a look-ahead can depend on bytes behind its match, and counts as unbounded.
    """
    if b"(?=" in pattern.pattern or b"(?!" in pattern.pattern:
        return None
    _, widest = _parser.parse(pattern.pattern, pattern.flags).getwidth()
    return int(widest) if widest <= _WIDEST else None
