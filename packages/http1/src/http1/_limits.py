"""`Limits`: how much of each part of a message a parser takes before it refuses the rest."""

from typing import Final
from typing import NamedTuple

KIB: Final = 1024


class Limits(NamedTuple):
    """How much a parser takes. Sizes are bytes and do not count the CRLF that ends a line.

    What is at a limit is taken, one more is refused with the status behind the limit.
    """

    #: The request line or status line: 414.
    max_start_line_size: int = 16 * KIB
    #: The name and value of one field: 431.
    max_field_size: int = 32 * KIB
    #: The whole head, from the start line to the last field; a trailer section as well: 431.
    max_header_size: int = 64 * KIB
    #: The number of field lines in a head or a trailer section: 431.
    max_header_count: int = 100
    #: A method's name, 7 or more: 501, as RFC 9112 section 3 asks.
    max_method_size: int = 64
    #: The extensions of all chunks of one body together, semicolons counted: 400.
    max_chunk_extensions_size: int = 16 * KIB
    #: The body as it comes over the wire, chunked framing not counted: 413.
    max_body_size: int = 100 * KIB * KIB
