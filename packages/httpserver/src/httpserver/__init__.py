"""An HTTP/1.x server for asyncio: callbacks, delegates, TLS, proxies' headers."""

from importlib import import_module
from typing import TYPE_CHECKING

from ._callback import CallbackDelegate
from ._callback import RequestCallback
from ._context import ConnectionContext
from ._counters import HTTPCounters
from ._forms import FormError
from ._forms import FormLimits
from ._forms import HTTPFile
from ._request import HTTPRequest
from ._request import HTTPServerRequest
from ._server import HTTPServer

if TYPE_CHECKING:
    from ._access_log import AccessRecord
    from ._asgi import ASGIDelegate
    from ._asgi_lifespan import LifespanError
    from ._asgi_types import ASGIApplication
    from ._proxies import Client
    from ._proxies import TrustedProxies
    from ._wsgi import WSGIApplication
    from ._wsgi import WSGIDelegate

__all__ = [
    "ASGIApplication",
    "ASGIDelegate",
    "AccessRecord",
    "CallbackDelegate",
    "Client",
    "ConnectionContext",
    "FormError",
    "FormLimits",
    "HTTPCounters",
    "HTTPFile",
    "HTTPRequest",
    "HTTPServer",
    "HTTPServerRequest",
    "LifespanError",
    "RequestCallback",
    "TrustedProxies",
    "WSGIApplication",
    "WSGIDelegate",
]

__version__ = "1!0.1.0"

# Imported when they are first asked for (PEP 562): no server needs all of it, and most need none.
_LATER = {
    "ASGIApplication": "._asgi_types",
    "ASGIDelegate": "._asgi",
    "AccessRecord": "._access_log",
    "Client": "._proxies",
    "LifespanError": "._asgi_lifespan",
    "TrustedProxies": "._proxies",
    "WSGIApplication": "._wsgi",
    "WSGIDelegate": "._wsgi",
}

if not TYPE_CHECKING:  # or a type checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_LATER[name], __name__), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
