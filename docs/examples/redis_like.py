"""A small server that speaks Redis' protocol (RESP 2): redis-cli and redis-benchmark talk to it.

python redis_like.py 6380, and then: redis-cli -p 6380 set greeting hello

It reads by push: bytes are parsed as they come, and however many commands are in one segment,
their answers leave in one.
"""

import asyncio
import sys
from collections.abc import Callable

from iostream import IOStream
from tcpserver import TCPServer

MAX_ARGUMENTS = 1024
MAX_ARGUMENT = 512 * 1024
MAX_LINE = 1024


class ProtocolError(Exception):
    """The client does not speak RESP."""


class CommandParser:
    """Bytes in, commands out: each a list of its arguments. No I/O."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._missing = 0  # arguments of the command that is being read
        self._arguments: list[bytes] = []

    def feed(self, data: bytes) -> list[list[bytes]]:
        """Take some bytes; return the commands that are complete now."""
        self._buffer += data
        commands: list[list[bytes]] = []
        position = 0
        while (step := self._step(position)) is not None:
            position = step
            if not self._missing:
                if self._arguments:
                    commands.append(self._arguments)
                self._arguments = []
        del self._buffer[:position]
        return commands

    def _step(self, start: int) -> int | None:
        """Read a command's size or one argument; return where it ends, None if it is not all there."""
        end = self._buffer.find(b"\r\n", start, start + MAX_LINE)
        if end < 0:
            if len(self._buffer) - start >= MAX_LINE:
                raise ProtocolError("a line that is too long")
            return None
        if not self._missing and self._buffer[start] != ord("*"):
            # What a person types in telnet: the words of a line.
            self._arguments = bytes(self._buffer[start:end]).split()
            return end + 2
        if not self._missing:
            self._missing = self._size(b"*", start, end, MAX_ARGUMENTS)
            return end + 2
        begin = end + 2
        stop = begin + self._size(b"$", start, end, MAX_ARGUMENT)
        if len(self._buffer) < stop + 2:
            return None
        if self._buffer[stop : stop + 2] != b"\r\n":
            raise ProtocolError("an argument that does not end where it should")
        self._arguments.append(bytes(self._buffer[begin:stop]))
        self._missing -= 1
        return stop + 2

    def _size(self, mark: bytes, start: int, end: int, limit: int) -> int:
        digits = self._buffer[start + 1 : end]
        if self._buffer[start : start + 1] != mark or not (
            0 < len(digits) < 8 and digits.isdigit()
        ):
            raise ProtocolError(f"expected {mark.decode()} and a number")
        size = int(digits)
        if size > limit:
            raise ProtocolError("too much")
        return size


class Database:
    """The commands, by name."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._commands: dict[bytes, tuple[Callable[..., bytes], range]] = {
            b"PING": (self.ping, range(2)),
            b"ECHO": (self.echo, range(1, 2)),
            b"GET": (self.get, range(1, 2)),
            b"SET": (self.set, range(2, 3)),
            b"DEL": (self.delete, range(1, MAX_ARGUMENTS)),
            b"EXISTS": (self.exists, range(1, MAX_ARGUMENTS)),
            b"INCR": (self.increment, range(1, 2)),
            b"DBSIZE": (self.size, range(1)),
            # What the client programs ask for by themselves: "nothing to tell".
            b"COMMAND": (self.nothing, range(MAX_ARGUMENTS)),
            b"CONFIG": (self.nothing, range(MAX_ARGUMENTS)),
        }

    def execute(self, command: list[bytes]) -> bytes:
        """Run one command; return its answer."""
        name, *arguments = command
        method, counts = self._commands.get(name.upper(), (None, range(0)))
        if method is None:
            return b"-ERR unknown command\r\n"
        if len(arguments) not in counts:
            return b"-ERR wrong number of arguments\r\n"
        return method(*arguments)

    def ping(self, message: bytes | None = None) -> bytes:
        return b"+PONG\r\n" if message is None else bulk(message)

    def echo(self, message: bytes) -> bytes:
        return bulk(message)

    def get(self, key: bytes) -> bytes:
        value = self._values.get(key)
        return b"$-1\r\n" if value is None else bulk(value)

    def set(self, key: bytes, value: bytes) -> bytes:
        self._values[key] = value
        return b"+OK\r\n"

    def delete(self, *keys: bytes) -> bytes:
        return integer(sum(self._values.pop(key, None) is not None for key in keys))

    def exists(self, *keys: bytes) -> bytes:
        return integer(sum(key in self._values for key in keys))

    def increment(self, key: bytes) -> bytes:
        try:
            number = int(self._values.get(key, b"0")) + 1
        except ValueError:
            return b"-ERR value is not an integer or out of range\r\n"
        self._values[key] = b"%d" % number
        return integer(number)

    def size(self) -> bytes:
        return integer(len(self._values))

    def nothing(self, *arguments: bytes) -> bytes:
        return b"*0\r\n"


def bulk(value: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)


def integer(value: int) -> bytes:
    return b":%d\r\n" % value


class Conversation:
    """One client: the receiver of its stream."""

    def __init__(self, stream: IOStream, database: Database) -> None:
        self._stream = stream
        self._database = database
        self._parser = CommandParser()

    def data_received(self, data: bytes) -> None:
        try:
            commands = self._parser.feed(data)
        except ProtocolError as error:
            self._stream.write(f"-ERR Protocol error: {error}\r\n".encode())
            self._stream.close()
            return
        answers = [self._database.execute(command) for command in commands]
        if answers:
            sent = self._stream.write(b"".join(answers))
            if not sent.done():
                # The client sends and does not read: listen again when it has read.
                self._stream.pause_reading()
                sent.add_done_callback(self._go_on)

    def _go_on(self, sent: asyncio.Future[None]) -> None:
        if not sent.cancelled() and sent.exception() is None:
            self._stream.resume_reading()

    def eof_received(self) -> None:
        self._stream.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Nothing to put away."""


class RedisLike(TCPServer):
    """Serves one database to everybody."""

    def __init__(self) -> None:
        super().__init__()
        self._database = Database()

    def handle_stream(self, stream: IOStream, address: object) -> None:
        stream.set_receiver(Conversation(stream, self._database))


async def main(port: int) -> None:
    server = RedisLike()
    server.listen(port, "localhost")
    print("listening on port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
