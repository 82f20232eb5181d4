"""How long a body is: RFC 9112 section 6.3, step by step, for each direction.

A length is a number of bytes, or one of two names for a body whose end is found while it is read.
"""

from collections.abc import Sequence
from typing import Final

from ._errors import HTTPInputError
from ._errors import printable
from ._grammar import CONTENT_LENGTH
from ._grammar import DIGITS
from ._grammar import OWS
from ._grammar import TOKEN

#: The body comes in chunks, the last of which says so (RFC 9112 section 7.1).
CHUNKED: Final = -1
#: The body ends when the peer closes the connection.
UNTIL_CLOSE: Final = -2


def request_body_length(
    method: str, version: str, content_length: Sequence[str], transfer_encoding: Sequence[str]
) -> int:
    """The length of a request's body, from the values of its two framing fields.

    Raises `HTTPInputError` for every combination that two recipients could read differently.
    """
    if method == "CONNECT" and (transfer_encoding or content_length):
        # RFC 9110 section 9.3.6: such a request has no content. What follows belongs to the
        # tunnel, and a recipient that took it for a body would disagree.
        raise HTTPInputError("CONNECT with a body")
    if transfer_encoding:
        return _transfer_coded(version, content_length, transfer_encoding)
    if content_length:
        return parse_content_length(content_length)
    # Step 7: a request that announces no body has none.
    return 0


def response_body_length(
    request_method: str,
    status: int,
    version: str,
    content_length: Sequence[str],
    transfer_encoding: Sequence[str],
) -> int:
    """The length of a response's body. Raises `HTTPInputError` as `request_body_length` does."""
    # Step 1: no body, whatever the fields say.
    if request_method == "HEAD" or status < 200 or status == 204 or status == 304:
        return 0
    # Step 2: the connection is a tunnel from here on.
    if request_method == "CONNECT" and 200 <= status < 300:
        return 0
    # Steps 3 to 5.
    if transfer_encoding:
        return _transfer_coded(version, content_length, transfer_encoding)
    if content_length:
        return parse_content_length(content_length)
    # Step 8.
    return UNTIL_CLOSE


def _transfer_coded(
    version: str, content_length: Sequence[str], transfer_encoding: Sequence[str]
) -> int:
    # RFC 9112 section 6.1: in HTTP/1.0 the framing is faulty.
    if version == "HTTP/1.0":
        raise HTTPInputError("Transfer-Encoding in an HTTP/1.0 message")
    # Step 3: may be an attempt at smuggling; ought to be handled as an error.
    if content_length:
        raise HTTPInputError("both Transfer-Encoding and Content-Length")
    if len(transfer_encoding) == 1 and transfer_encoding[0].lower() == "chunked":
        return CHUNKED
    codings = [
        coding.strip(OWS).lower() for value in transfer_encoding for coding in value.split(",")
    ]
    for coding in codings:
        name, semicolon, _ = coding.partition(";")
        # "chunked" takes no parameters (section 7.1), and what only looks like it is no coding.
        # Tighter: an empty element of the list, which other lists may have, is refused here.
        if not TOKEN.fullmatch(name.strip(OWS)) or (semicolon and name.strip(OWS) == "chunked"):
            raise HTTPInputError("malformed Transfer-Encoding")
    # Step 4, and section 6.1: chunked must be the last, and must not be applied twice.
    if codings[-1] == "chunked" and codings.count("chunked") == 1 and len(codings) > 1:
        raise HTTPInputError(
            f"transfer coding not supported: {printable(transfer_encoding[0])}", 501
        )
    if "chunked" in codings:
        raise HTTPInputError("chunked must be the last transfer coding and the only one")
    raise HTTPInputError(f"transfer coding not supported: {printable(transfer_encoding[0])}", 501)


def parse_content_length(values: Sequence[str]) -> int:
    """The length that one or more Content-Length fields announce, in bytes.

    Step 5 lets a recipient take a list of equal values; two fields that say the same are a sign
    of a proxy that merges what it should not, so this one takes a single value only.
    Raises `HTTPInputError`: 400, or 413 for a number that no machine could store.
    """
    if len(values) != 1:
        raise HTTPInputError("more than one Content-Length")
    value = values[0]
    match = CONTENT_LENGTH.fullmatch(value)
    if match is None:
        if DIGITS.fullmatch(value):
            raise HTTPInputError("Content-Length out of range", 413)
        raise HTTPInputError(f"malformed Content-Length: {printable(value)}")
    return int(match.group(1))
