"""What must hold of http1 for all bytes. Each function takes some and raises if something does not.

Nothing here knows the fuzzer: the tests run the same functions on the corpus.
"""

from collections.abc import Callable
from collections.abc import Iterable
from typing import Final

from http1 import HTTP1ConnectionParameters
from http1 import HTTPHeaders
from http1 import HTTPInputError
from http1 import HTTPMessageDelegate
from http1 import HTTPOutputError
from http1 import Limits
from http1 import RequestParser
from http1 import RequestStartLine
from http1 import ResponseParser
from http1 import ResponseStartLine
from http1._chunked import ChunkedDecoder
from http1._decompress import Decompressor
from http1._encoding import LAST_CHUNK
from http1._encoding import encode_chunk_size
from http1._encoding import encode_head
from http1._encoding import read_fields
from http1._head_shape import HeadShape

# Small, so that each of them is reached by short inputs.
LIMITS: Final = Limits(
    max_start_line_size=100,
    max_field_size=100,
    max_header_size=300,
    max_header_count=8,
    max_method_size=10,
    max_chunk_extensions_size=50,
    max_body_size=100,
)

# Those of many requests in the corpus.
SHAPES: Final = [
    HeadShape(names)
    for names in ((b"Host",), (b"Host", b"Content-Length"), (b"Host", b"Transfer-Encoding"))
]

PARAMETERS: Final = HTTP1ConnectionParameters(chunk_size=10, max_decompressed_size=1000)

CODINGS: Final = ("gzip", "deflate", "br", "zstd", "deflate, gzip", "gzip, gzip", "br, deflate")

METHODS: Final = ("GET", "HEAD", "CONNECT", "POST")

STATUSES: Final = frozenset((400, 413, 414, 417, 431, 501, 505))


class Recorder:
    """Writes down what a parser calls, so that two runs can be compared."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def head_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> None:
        fields = list(headers.get_all())
        assert all(isinstance(part, str | int) for part in start_line)
        assert not any(c in value for _, value in fields for c in "\r\n\x00")
        self.calls.append(("head", start_line, fields))

    def body_received(self, chunk: bytes) -> None:
        assert chunk
        # However the network cut it, it is the same body.
        if self.calls and self.calls[-1][0] == "body":
            before = self.calls.pop()[1]
            assert isinstance(before, bytes)
            chunk = before + chunk
        self.calls.append(("body", chunk))

    def message_complete(self) -> None:
        self.calls.append(("complete",))


def pieces(data: bytes) -> Iterable[bytes]:
    """`data` without its first byte, cut in as many places as that byte says, if any."""
    if not data:
        return []
    size = data[0] % 8
    rest = data[1:]
    return [rest[i : i + size] for i in range(0, len(rest), size)] if size else [rest]


def status_of(error: HTTPInputError) -> int:
    """The status of a refusal, which can be answered and logged as it is."""
    assert error.status_code in STATUSES
    assert str(error).isascii()
    assert str(error).isprintable()
    return error.status_code


def _read(
    parser: RequestParser | ResponseParser, recorder: Recorder, data: Iterable[bytes]
) -> object:
    try:
        for piece in data:
            parser.feed(piece)
            while parser.paused:
                parser.resume()
        parser.feed_eof()
        while parser.paused:
            parser.resume()
    except HTTPInputError as error:
        return recorder.calls, status_of(error)
    return recorder.calls, 0


def requests(data: bytes) -> None:
    """Requests: the same calls and the same refusal however they are cut, and nothing else.

    And whatever shape of heads the parser expects.
    """
    outcomes = []
    for cut, shape in (
        (pieces(data), None),
        ([data[1:]], None),
        *[([data[1:]], each) for each in SHAPES],
    ):
        recorder = Recorder()
        parser = RequestParser(recorder, LIMITS)
        parser._expect(shape)
        outcomes.append(_read(parser, recorder, cut))
    assert all(outcome == outcomes[0] for outcome in outcomes[1:])


def responses(data: bytes) -> None:
    """Responses, to a request whose method is in the first byte as well."""
    method = METHODS[data[0] // 8 % len(METHODS)] if data else "GET"
    outcomes = []
    for cut in (pieces(data), [data[1:]]):
        recorder = Recorder()
        parser = ResponseParser(recorder, LIMITS)
        parser.request_method = method
        outcomes.append(_read(parser, recorder, cut))
    assert outcomes[0] == outcomes[1]


def _decode(data: Iterable[bytes]) -> tuple[bytes, object]:
    decoder = ChunkedDecoder(LIMITS, LIMITS.max_body_size)
    decoded: list[bytes] = []
    left = 0
    try:
        for piece in data:
            left += len(piece) - decoder.decode(piece, 0, decoded)
    except HTTPInputError as error:
        return b"".join(decoded), status_of(error)
    body = b"".join(decoded)
    assert len(body) <= LIMITS.max_body_size
    return body, (decoder.done, left, list(decoder.trailers.get_all()))


def chunked(data: bytes) -> None:
    """Chunked bodies: the same data however they are cut; what is encoded is decoded again."""
    assert _decode(pieces(data)) == _decode([data[1:]])
    body = data[:100]
    encoded = encode_chunk_size(len(body)) + body + b"\r\n" if body else b""
    assert _decode(pieces((data[:1] or b"\x00") + encoded + LAST_CHUNK)) == (body, (True, 0, []))


class _Body(HTTPMessageDelegate):
    def __init__(self) -> None:
        self.body = b""
        self.ends = 0

    def data_received(self, chunk: bytes) -> None:
        assert 0 < len(chunk) <= 10
        self.body += chunk
        assert len(self.body) <= 1000

    def finish(self) -> None:
        self.ends += 1

    def on_connection_close(self) -> None:
        self.ends += 1


def _decompress(coding: str, data: Iterable[bytes]) -> tuple[bytes, bool]:
    delegate = _Body()
    decompressor = Decompressor(delegate, PARAMETERS, lambda: 1000)
    line = ResponseStartLine("HTTP/1.1", 200, "OK")
    decompressor.headers_received(line, HTTPHeaders({"Content-Encoding": coding}))
    status = 0
    try:
        for piece in data:
            assert decompressor.data_received(piece) is None
        decompressor.finish()
    except HTTPInputError as error:
        status = status_of(error)
    assert status in {0, 400, 413}
    # A refusal in the middle of a body is told to the delegate by the connection.
    assert delegate.ends == 1 or (status and not delegate.ends)
    return delegate.body, not status


def codings(data: bytes) -> None:
    """Content codings: the same body, or a refusal, however they are cut, within the limits."""
    coding = CODINGS[data[0] // 8 % len(CODINGS)] if data else "gzip"
    in_pieces, complete_in_pieces = _decompress(coding, pieces(data))
    whole, complete = _decompress(coding, [data[1:]] if data[1:] else [])
    assert complete_in_pieces is complete
    # What comes before something bad may come out with it or not.
    shorter, longer = sorted((in_pieces, whole), key=len)
    assert longer.startswith(shorter)
    assert not complete or in_pieces == whole


def headers(data: bytes) -> None:
    """Headers: what is parsed from text is printed and parsed again; what is written is read."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        parsed = HTTPHeaders.parse(text)
    except HTTPInputError:
        pass
    else:
        assert HTTPHeaders.parse(str(parsed)) == parsed
        assert parsed.copy() == parsed

    fields = [
        (name, value) for name, _, value in (line.partition(":") for line in text.split("\n"))
    ]

    class Fields:
        def get_all(self) -> list[tuple[str, str]]:
            return fields

    try:
        lines = ["POST / HTTP/1.1\r\n"]
        _, said = read_fields(Fields(), lines)
        head = encode_head([*lines, "Host: a\r\n"])
    except HTTPOutputError:
        return
    assert head.count(b"\r\n") <= len(fields) + 3
    recorder = Recorder()
    parser = RequestParser(recorder, Limits(max_header_count=len(fields) + 1))
    try:
        parser.feed(head)
    except HTTPInputError:
        # A server may well refuse what a client may write: a bad Host, an unknown Expect.
        assert {"host", "expect"} & said
        return
    assert recorder.calls[0][0] == "head"


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    target.__name__: target for target in (requests, responses, chunked, codings, headers)
}
