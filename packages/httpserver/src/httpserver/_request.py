"""`HTTPServerRequest`: a request, with what applications ask about it."""

from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING

from http1 import HTTPConnection
from http1 import HTTPHeaders
from http1 import RequestStartLine
from iostream import SSLIOStream

from ._context import ConnectionContext
from ._forms import Arguments
from ._forms import Files
from ._forms import FormLimits
from ._forms import parse_form
from ._forms import parse_urlencoded

if TYPE_CHECKING:
    from http.cookies import SimpleCookie


class HTTPServerRequest:
    """One request, complete with its body. Answer it through `connection`.

    What takes time to find out is found out when it is asked for: an application that never looks at
    `arguments` or `cookies` does not pay for them. A form that is not valid is noticed then, too:
    `arguments`, `query_arguments`, `body_arguments` and `files` raise `FormError`. To take larger
    forms, or only smaller ones, set `form_limits` before.

    Args:
        method, uri, version: the parts of the request line; `start_line` overrides them.
        headers: the request's fields, by default none.
        body: the content, by default empty.
        host: the host asked for; by default what the Host field says.
        files: the uploaded files, by default those in `body`.
        connection: what the request came on, and the answer goes to.
        start_line: the request line.
        server_connection: the `HTTP1ServerConnection` that `connection` is a part of.
    """

    #: How much of a form is taken. Set it before anything of the form is asked for.
    form_limits: FormLimits = FormLimits()

    # Class attributes for what most requests are never asked: the instances then don't have them.
    _remote_ip: str | None = None
    _protocol: str | None = None
    _host: str | None = None
    _path: str | None = None
    _query: str | None = None
    _cookies: "SimpleCookie | None" = None
    _arguments: Arguments | None = None
    _query_arguments: Arguments | None = None
    _body_arguments: Arguments | None = None
    _files: Files | None = None

    def __init__(
        self,
        method: str | None = None,
        uri: str | None = None,
        version: str = "HTTP/1.0",
        headers: HTTPHeaders | None = None,
        body: bytes | None = None,
        host: str | None = None,
        files: Files | None = None,
        connection: HTTPConnection | None = None,
        start_line: RequestStartLine | None = None,
        server_connection: object | None = None,
    ) -> None:
        #: The method as it came, `"GET"` for instance: methods are case-sensitive.
        self.method: str
        #: The path and the query, percent-encoded. A target in absolute form is taken apart: what
        #: comes before the path is the `host` then (RFC 9112 section 3.2.2).
        self.uri: str
        #: `"HTTP/1.1"` or `"HTTP/1.0"`.
        self.version: str
        if start_line is not None:
            self.method, self.uri, self.version = start_line
        else:
            self.method, self.uri, self.version = method or "GET", uri or "/", version
        self.headers = HTTPHeaders() if headers is None else headers
        self.body = body or b""
        #: What to answer through: `write_headers`, `write`, `finish`.
        self.connection = connection
        #: The connection as a whole, of which `connection` is one exchange.
        self.server_connection = server_connection
        self._received_at = monotonic()
        if host is not None:
            self._host = host
        if files is not None:
            self._files = files

    @property
    def remote_ip(self) -> str | None:
        """The client's IP address, `"unix"` on a Unix socket; None if there is no connection.

        Behind a proxy this is the proxy's, unless `HTTPServer` was given `xheaders`.
        """
        if self._remote_ip is None:
            context = self._context()
            self._remote_ip = None if context is None else context.remote_ip
        return self._remote_ip

    @remote_ip.setter
    def remote_ip(self, value: str) -> None:
        self._remote_ip = value

    @property
    def protocol(self) -> str:
        """The scheme by which the client spoke: `"http"` or `"https"`."""
        if self._protocol is None:
            context = self._context()
            self._protocol = "http" if context is None else context.protocol
        return self._protocol

    @protocol.setter
    def protocol(self, value: str) -> None:
        self._protocol = value

    @property
    def host(self) -> str:
        """The host that was asked for, perhaps with a port: `"example.org:8080"`.

        `"127.0.0.1"` when an HTTP/1.0 request doesn't say, as it may.
        """
        if self._host is None:
            self._host = self.headers.get("Host") or "127.0.0.1"
        return self._host

    @host.setter
    def host(self, value: str) -> None:
        self._host = value

    @property
    def host_name(self) -> str:
        """The host that was asked for, in lower case and without a port; IPv6 in brackets."""
        host = self.host.lower()
        name, colon, port = host.rpartition(":")
        return name if colon and not port.endswith("]") else host

    @property
    def path(self) -> str:
        """The target up to its `?`, still percent-encoded."""
        if self._path is None:
            self._path = self.uri.partition("?")[0]
        return self._path

    @path.setter
    def path(self, value: str) -> None:
        self._path = value

    @property
    def query(self) -> str:
        """The target behind its first `?`, still percent-encoded; empty if there is none."""
        if self._query is None:
            self._query = self.uri.partition("?")[2]
        return self._query

    @query.setter
    def query(self, value: str) -> None:
        self._query = value

    @property
    def cookies(self) -> "SimpleCookie":
        """The cookies by name, as `http.cookies.Morsel` objects: `cookies["a"].value`."""
        if self._cookies is None:
            # Imported here, because many servers never see a cookie.
            from ._cookies import parse_cookies

            self._cookies = parse_cookies(self.headers.get("Cookie", ""))
        return self._cookies

    @property
    def arguments(self) -> Arguments:
        """The values of all arguments by name: those of the query, then those of the body.

        Raises `FormError` when the query or the body is not a valid form.
        """
        if self._arguments is None:
            merged = {name: values.copy() for name, values in self.query_arguments.items()}
            for name, values in self.body_arguments.items():
                merged.setdefault(name, []).extend(values)
            self._arguments = merged
        return self._arguments

    @property
    def query_arguments(self) -> Arguments:
        """The values of the arguments in the query, by name. Raises `FormError`."""
        if self._query_arguments is None:
            self._query_arguments = parse_urlencoded(self.query, self.form_limits)
        return self._query_arguments

    @property
    def body_arguments(self) -> Arguments:
        """The values of the arguments in the body, by name. Raises `FormError`."""
        return self._body_arguments if self._body_arguments is not None else self._parse_body()[0]

    @property
    def files(self) -> Files:
        """The files in the body, by the name of their field in the form. Raises `FormError`."""
        return self._files if self._files is not None else self._parse_body()[1]

    def full_url(self) -> str:
        """The URL that was asked for."""
        # RFC 9112 section 3.3: the asterisk form stands for the server as such, without a path,
        # and the target of a CONNECT is an authority of its own.
        if self.method == "CONNECT":
            return f"{self.protocol}://{self.uri}"
        target = "" if self.uri == "*" else self.uri
        return f"{self.protocol}://{self.host}{target}"

    def request_time(self) -> float:
        """Seconds since the request was there in full."""
        return monotonic() - self._received_at

    def get_ssl_certificate(self, binary_form: bool = False) -> Mapping[str, object] | bytes | None:
        """The client's certificate, None if it showed none or if this is not TLS.

        A client shows one if the server's `ssl.SSLContext` has a `verify_mode` that asks for it. The
        certificate is a dict, or with `binary_form` the bytes of its DER form: see
        `ssl.SSLSocket.getpeercert`.
        """
        stream = getattr(self.connection, "stream", None)
        if not isinstance(stream, SSLIOStream) or stream.ssl_object is None:
            return None
        return stream.ssl_object.getpeercert(binary_form)

    def _context(self) -> ConnectionContext | None:
        context = getattr(self.connection, "context", None)
        return context if isinstance(context, ConnectionContext) else None

    def _parse_body(self) -> tuple[Arguments, Files]:
        headers = self.headers
        arguments, files = parse_form(
            headers.get("Content-Type", ""),
            headers.get("Content-Encoding", ""),
            self.body,
            self.form_limits,
        )
        if self._body_arguments is None:
            self._body_arguments = arguments
        if self._files is None:
            self._files = files
        return self._body_arguments, self._files

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(protocol={self.protocol!r}, host={self.host!r},"
            f" method={self.method!r}, uri={self.uri!r}, version={self.version!r},"
            f" remote_ip={self.remote_ip!r})"
        )


HTTPRequest = HTTPServerRequest
"""The old name of `HTTPServerRequest`."""
