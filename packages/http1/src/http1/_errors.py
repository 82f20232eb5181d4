"""What goes wrong on the wire, and who did it: the peer (input) or this program (output)."""


class HTTPInputError(Exception):
    """The peer sent something that is not a valid HTTP/1.x message, or passed a limit.

    The message says what was wrong in terms of the protocol, and which limit it was if it was
    one. It never holds the peer's bytes as they came: those are escaped and cut.

    `status_code` is the status that a server answers with (RFC 9110 section 15): 400 unless
    another one says more, as 413, 414, 431, 501, 505 do. Clients can ignore it.
    """

    def __init__(self, message: str, status_code: int = 400) -> None:
        super().__init__(message)
        self.status_code = status_code


class HTTPOutputError(Exception):
    """This program tried to send something that is not a valid HTTP/1.x message.

    Raised by the writing methods before any byte of the offending piece goes out. What can still
    be done about it depends on what went out before: a server answers 500 when the answer had not
    begun, and closes the connection otherwise, so that the peer sees that it is cut short.
    """


def printable(data: bytes | str, limit: int = 40) -> str:
    """`data`, escaped and cut to `limit` characters, safe to stand in a log line or an answer."""
    text = data if isinstance(data, str) else data.decode("latin-1")
    cut = text[:limit].encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return f'"{cut}"' if len(text) <= limit else f'"{cut}..."'
