"""`HTTPConnection`: what an application writes its message to."""

from __future__ import annotations

from asyncio import Future

from ._mypyc import mypyc_attr
from ._outgoing_headers import OutgoingHeaders
from ._start_line import RequestStartLine
from ._start_line import ResponseStartLine


@mypyc_attr(allow_interpreted_subclasses=True)
class HTTPConnection:
    """Writes one message: a response on a server, a request on a client."""

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: OutgoingHeaders,
        chunk: bytes | None = None,
    ) -> Future[None]:
        """Write a head, and the first piece of the body if `chunk` is given."""
        raise NotImplementedError

    def write(self, chunk: bytes) -> Future[None]:
        """Write a piece of the body. The Future is done when more may be written."""
        raise NotImplementedError

    def finish(self) -> None:
        """The last piece of the body has been written."""
        raise NotImplementedError
