"""`multipart/form-data` (RFC 7578), by Marcel Hellkamp's `multipart`: the extra of that name."""

from ._forms import Arguments
from ._forms import Files
from ._forms import FormError
from ._forms import FormLimits
from ._forms import HTTPFile

try:
    from multipart import MultipartError  # type: ignore[import-untyped]  # it has no py.typed
    from multipart import MultipartSegment
    from multipart import ParserLimitReached
    from multipart import PushMultipartParser
    from multipart import parse_options_header
except ImportError as error:
    raise RuntimeError(
        "multipart forms need the package `multipart`: install `httpserver[multipart]`"
    ) from error


def parse_multipart(content_type: str, body: bytes, limits: FormLimits) -> tuple[Arguments, Files]:
    """The arguments and the files in a multipart body; raises `FormError`."""
    arguments: Arguments = {}
    files: Files = {}
    try:
        boundary = parse_options_header(content_type)[1].get("boundary", "")
        parser = PushMultipartParser(
            boundary,
            content_length=len(body),
            max_header_size=limits.max_part_header_size,
            max_header_count=limits.max_part_headers,
            max_segment_size=limits.max_part_size,
            max_segment_count=limits.max_parts,
            strict=True,
        )
        with parser:
            part: MultipartSegment | None = None
            content: list[bytes] = []
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    part = event
                    content = []
                elif event is not None:
                    content.append(event)
                elif part is not None:
                    _add_part(part, b"".join(content), arguments, files)
    except ParserLimitReached as error:
        raise FormError(f"multipart form: {error} (see FormLimits)", 413) from error
    except (MultipartError, UnicodeError) as error:
        raise FormError(f"malformed multipart form: {error}") from error
    return arguments, files


def _add_part(part: MultipartSegment, content: bytes, arguments: Arguments, files: Files) -> None:
    name = part.name or ""
    if not part.filename:
        # A browser sends an empty name for a file field in which nothing was chosen.
        arguments.setdefault(name, []).append(content)
        return
    content_type = "application/unknown"
    for field, value in part.headerlist:
        if field == "Content-Type":
            content_type = value
    files.setdefault(name, []).append(HTTPFile(part.filename, content, content_type))
