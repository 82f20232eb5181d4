"""`Answer`: the exchange of a server, made for each request."""

from __future__ import annotations

from iostream import IOStream

from ._connection import HTTP1Connection
from ._connection import Reader
from ._mypyc import mypyc_attr
from ._parameters import HTTP1ConnectionParameters
from ._writing import Afterwards
from ._writing import Writing

_HEAD = Writing.HEAD
_KEEP_ALIVE = Afterwards.KEEP_ALIVE
_CLOSE = Afterwards.CLOSE


@mypyc_attr(allow_interpreted_subclasses=True)
class Answer(HTTP1Connection):
    """The answer to a request that `reader` reads.

    `method` is that of the request; `http_1_0` says that the client reads no later version,
    `closing` that the connection ends with this answer, `has_body` that the request has a body,
    which may not have been read when the answer begins.
    """

    __slots__ = ()

    # The attributes of the base are set here and not there: this is done with every request.
    def __init__(
        self,
        reader: Reader,
        stream: IOStream,
        params: HTTP1ConnectionParameters,
        context: object,
        method: str,
        http_1_0: bool,
        closing: bool,
        has_body: bool,
    ) -> None:
        self.stream = stream
        self.is_client = False
        self.params = params
        self.context = context
        self.writing = _HEAD
        self.afterwards = _CLOSE if closing else _KEEP_ALIVE
        self._reader = reader
        self._remaining = 0
        self._method = method
        self._http_1_0 = http_1_0
        self._has_body = has_body
        self._close_callback = None
