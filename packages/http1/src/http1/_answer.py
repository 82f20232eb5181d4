"""`Answer`: the exchange of a server, made for each request."""

from __future__ import annotations

from typing import Final
from typing import Protocol

from iostream import IOStream

from ._connection import HTTP1Connection
from ._connection import Reader
from ._mypyc import mypyc_attr
from ._parameters import HTTP1ConnectionParameters
from ._writing import Afterwards
from ._writing import Writing

_HEAD: Final = Writing.HEAD


class RequestReader(Reader, Protocol):
    """The server's side of a connection, as far as its answers need to know it."""

    stream: IOStream
    params: HTTP1ConnectionParameters
    context: object


@mypyc_attr(allow_interpreted_subclasses=True)
class Answer(HTTP1Connection):
    """The answer to a request. Made by `answer_to`."""

    __slots__ = ()


_new: Final = Answer.__new__


def answer_to(
    server: RequestReader, method: str, http_1_0: bool, has_body: bool, afterwards: Afterwards
) -> Answer:
    """The answer to a request with `method` that came on `server`.

    `http_1_0` says that the client reads no later version, `has_body` that the request has a body,
    which may not have been read when the answer begins, and `afterwards` what is to become of the
    connection. A function that does what `__init__` would do, in two thirds of the time: this is
    done with every request.
    """
    answer = _new(Answer)
    answer.stream = server.stream
    answer.is_client = False
    answer.params = server.params
    answer.context = server.context
    answer.writing = _HEAD
    answer.afterwards = afterwards
    answer._reader = server
    answer._remaining = 0
    answer._method = method
    answer._http_1_0 = http_1_0
    answer._has_body = has_body
    answer._close_callback = None
    return answer
