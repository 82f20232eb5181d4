"""Arguments in a query or a body, and uploaded files, as `HTTPServerRequest` gives them."""

from typing import Literal
from typing import NamedTuple
from typing import overload

from http1 import HTTPInputError

KIB = 1024

Arguments = dict[str, list[bytes]]
"""Values by name, in the order in which they came. Names are text (UTF-8), values are bytes."""


class FormError(HTTPInputError):
    """The query or the body of a request is not a valid form, or passes one of `FormLimits`.

    `CallbackDelegate` answers with `status_code` when the callback lets this pass: 400, 413 for a
    limit, 415 for a form in a content coding.
    """


class FormLimits(NamedTuple):
    """How much of a form is taken before a `FormError`. Sizes are bytes."""

    #: Arguments in a query or in a urlencoded body, each.
    max_arguments: int = 1000
    #: Parts of a multipart body: arguments and files.
    max_parts: int = 1000
    #: One part's content.
    max_part_size: int = 100 * KIB * KIB
    #: One field line in the head of a part.
    max_part_header_size: int = 8 * KIB
    #: Field lines in the head of a part.
    max_part_headers: int = 8


class HTTPFile:
    """An uploaded file. Its attributes can be had as items too: `file["body"]`."""

    __slots__ = ("body", "content_type", "filename")

    def __init__(self, filename: str, body: bytes, content_type: str) -> None:
        #: The name that the client gave to it. Never use it as a path unchecked.
        self.filename = filename
        self.body = body
        #: What the client says it is, `"application/unknown"` if it doesn't.
        self.content_type = content_type

    @overload
    def __getitem__(self, name: Literal["filename", "content_type"]) -> str: ...
    @overload
    def __getitem__(self, name: Literal["body"]) -> bytes: ...
    def __getitem__(self, name: str) -> str | bytes:
        if name == "body":
            return self.body
        if name == "filename":
            return self.filename
        if name == "content_type":
            return self.content_type
        raise KeyError(name)

    def __repr__(self) -> str:
        return (
            f"HTTPFile(filename={self.filename!r}, content_type={self.content_type!r},"
            f" body=<{len(self.body)} bytes>)"
        )


Files = dict[str, list[HTTPFile]]
"""Uploaded files by the name of the form's field."""


def parse_urlencoded(text: str, limits: FormLimits) -> Arguments:
    """The arguments in `text`, in which one character is one byte (latin-1).

    Raises `FormError` with 413 for more than `limits.max_arguments`. An argument without a value
    has an empty one. There is nothing else that would not be valid.
    """
    # Imported here, because many servers never see a form.
    from urllib.parse import parse_qsl

    if text.count("&") >= limits.max_arguments:
        raise FormError(f"more than {limits.max_arguments} arguments (max_arguments)", 413)
    arguments: Arguments = {}
    for name, value in parse_qsl(text, keep_blank_values=True, encoding="latin-1"):
        arguments.setdefault(_text(name), []).append(value.encode("latin-1"))
    return arguments


def parse_form(
    content_type: str, content_coding: str, body: bytes, limits: FormLimits
) -> tuple[Arguments, Files]:
    """The arguments and the files in the body of a request.

    A body that is no form (neither `application/x-www-form-urlencoded` nor `multipart/form-data`)
    has none of either.

    Raises:
        FormError: malformed (400), past one of `limits` (413), or still in a content coding (415).
        RuntimeError: the body is multipart, and the package `multipart` is not installed.
    """
    media_type = content_type.partition(";")[0].strip(" \t").lower()
    if media_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return {}, {}
    if content_coding.strip(" \t").lower() not in ("", "identity"):
        raise FormError("a form with a Content-Encoding: see decompress_request", 415)
    if media_type == "multipart/form-data":
        from ._multipart import parse_multipart

        return parse_multipart(content_type, body, limits)
    return parse_urlencoded(body.decode("latin-1"), limits), {}


def _text(latin: str) -> str:
    if latin.isascii():
        return latin
    return latin.encode("latin-1").decode("utf-8", "replace")
