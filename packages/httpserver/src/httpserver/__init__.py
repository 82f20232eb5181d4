"""An HTTP/1.x server for asyncio: callbacks, delegates, TLS, proxies' headers."""

from ._access_log import AccessRecord
from ._asgi import ASGIDelegate
from ._asgi_lifespan import LifespanError
from ._asgi_types import ASGIApplication
from ._callback import CallbackDelegate
from ._callback import RequestCallback
from ._context import ConnectionContext
from ._counters import HTTPCounters
from ._forms import FormError
from ._forms import FormLimits
from ._forms import HTTPFile
from ._proxies import Client
from ._proxies import TrustedProxies
from ._request import HTTPRequest
from ._request import HTTPServerRequest
from ._server import HTTPServer
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
