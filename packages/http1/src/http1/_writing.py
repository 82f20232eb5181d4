"""The states of the message that an `HTTP1Connection` writes. It says what moves it on."""

from __future__ import annotations

from enum import Enum


class Writing(Enum):
    """How much of a message has been written."""

    #: Nothing, or interim responses only.
    HEAD = "head"
    #: The head; a body of known length follows.
    SIZED = "sized body"
    #: The head; a body in chunks follows.
    CHUNKED = "chunked body"
    #: The head; a body follows whose end is the end of the connection.
    UNTIL_CLOSE = "body until close"
    #: The head; there is no body, and none of what is given as one is written.
    NO_BODY = "no body"
    #: Everything.
    DONE = "done"
    #: Not everything, and nothing more will be.
    BROKEN = "broken"


class Afterwards(Enum):
    """What becomes of the connection when the message has been written."""

    #: It serves the next exchange.
    KEEP_ALIVE = "keep alive"
    #: It is closed.
    CLOSE = "close"
    #: It carries another protocol from here on: the answer was 101, or 2xx to CONNECT.
    SWITCH = "switch"
