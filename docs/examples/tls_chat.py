"""A chat room under TLS: what one says, all the others hear.

python tls_chat.py 8443 certificate.pem key.pem, and then, in as many terminals as there are people:
openssl s_client -quiet -connect localhost:8443

SIGHUP makes it read certificate and key again, without disturbing anybody.
"""

import asyncio
import signal
import ssl
import sys

from iostream import IOStream
from iostream import StreamBufferFullError
from iostream import StreamClosedError
from tcpserver import TCPServer

MAX_LINE = 1000

# What may wait for a client that does not read. Then it has to go: the others' words must not
# pile up for it.
MAX_BEHIND = 256 * 1024


class Chat(TCPServer):
    """The room. Everybody in it has a name."""

    def __init__(self, ssl_options: dict[str, str]) -> None:
        super().__init__(ssl_options=ssl_options, ssl_handshake_timeout=10)
        self._people: dict[str, IOStream] = {}

    async def handle_stream(self, stream: IOStream, address: object) -> None:
        stream.max_write_buffer_size = MAX_BEHIND
        name = await self._ask_for_name(stream)
        self._people[name] = stream
        self._tell_all(f"* {name} is here", besides=name)
        try:
            while True:
                line = await self._read_line(stream)
                self._tell_all(f"{name}: {line}", besides=name)
        except StreamClosedError:
            pass
        finally:
            del self._people[name]
            self._tell_all(f"* {name} has left", besides=name)
            stream.close()

    async def _ask_for_name(self, stream: IOStream) -> str:
        question = "Who are you?"
        while True:
            await stream.write(f"{question}\n".encode())
            name = await self._read_line(stream)
            if name.isalnum() and name not in self._people:
                return name
            question = "Who else?"

    async def _read_line(self, stream: IOStream) -> str:
        line = await stream.read_until(b"\n", max_bytes=MAX_LINE)
        # Control characters would let one write all over another's terminal.
        text = line.decode("utf-8", "replace").strip()
        return "".join(character if character.isprintable() else "?" for character in text)

    def _tell_all(self, line: str, besides: str) -> None:
        data = f"{line}\n".encode()
        for name, stream in list(self._people.items()):
            if name != besides:
                try:
                    stream.write(data)
                except StreamBufferFullError:
                    stream.close()
                except StreamClosedError:
                    pass  # its own handle_stream sees to it


async def main(port: int, certificate: str, key: str) -> None:
    server = Chat({"certfile": certificate, "keyfile": key})
    server.listen(port, "localhost")

    def reload() -> None:
        try:
            server.reload_certificates()
        except (OSError, ssl.SSLError) as error:
            print("the old certificate stays:", error, flush=True)
        else:
            print("reloaded", flush=True)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    print("listening on port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
