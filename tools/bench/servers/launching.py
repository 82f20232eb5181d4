"""What every server program here is told on its command line, and how its loop runs."""

import argparse
import asyncio
import ssl
from collections.abc import Callable
from collections.abc import Coroutine
from dataclasses import dataclass


@dataclass(frozen=True)
class Launch:
    """Where to listen and how.

    ``certificate`` is a PEM file that holds the key too; without one the server speaks plain text.
    ``workers`` is the number of processes that serve the port together.
    """

    port: int
    certificate: str | None
    uvloop: bool
    workers: int
    shape: str

    def tls(self) -> ssl.SSLContext | None:
        """The server's TLS context, or None when it speaks plain text."""
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context

    def run(self, main: Callable[[], Coroutine[None, None, None]]) -> None:
        """Run ``main`` on the loop that was asked for, until a signal kills the process."""
        if self.uvloop:
            import uvloop

            factory: Callable[[], asyncio.AbstractEventLoop] | None = uvloop.new_event_loop
        else:
            factory = None
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(main())


def launch() -> Launch:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--shape", default="")
    return Launch(**vars(parser.parse_args()))
