"""`HTTPHeaders`: the fields of a head or a trailer section, as a case-insensitive map."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import MutableMapping
from collections.abc import Sequence
from typing import Final

from ._errors import HTTPInputError
from ._errors import printable
from ._field_names import canonical
from ._field_names import canonical_names
from ._field_names import canonical_of_wire
from ._field_names import is_token
from ._field_names import wire_spellings
from ._grammar import BAD_LINE_BYTE
from ._grammar import OWS
from ._grammar import OWS_BYTES
from ._mypyc import mypyc_attr

_BAD_TEXT: Final = re.compile(BAD_LINE_BYTE.pattern.decode("latin-1"))


# The names of the fields of a head, and their values, one by one. Or the names in lower case, and a
# match whose last groups are the values.
Wire = tuple[Sequence[bytes], Sequence[bytes] | re.Match[bytes]]


@mypyc_attr(allow_interpreted_subclasses=True)
class HTTPHeaders(MutableMapping[str, str]):
    """A map from field name to value, whatever the case of the name, that keeps repeated fields.

    Names are kept in `Http-Header-Case` and in the order in which they first came. A field that
    came more than once reads as its values joined by `,` (RFC 9110 section 5.3); `get_list` and
    `get_all` give the values one by one, which `Set-Cookie` needs.

    >>> headers = HTTPHeaders({"content-type": "text/html"})
    >>> headers["Content-Type"]
    'text/html'
    >>> headers.add("Set-Cookie", "A=B")
    >>> headers.add("Set-Cookie", "C=D")
    >>> headers["set-cookie"]
    'A=B,C=D'
    >>> headers.get_list("set-cookie")
    ['A=B', 'C=D']

    Values are text in which one character is one byte of the wire (latin-1). Nothing is checked
    when a value is set: what may not go on the wire is refused by the method that would write it.

    The fields of a message that came in are put into the map when somebody first asks for one.
    """

    __slots__ = ("_fields", "_lists", "_wire")

    # Canonical name -> its value, the first of them if there are more.
    _fields: dict[str, str]
    # Canonical name -> its values, for names that have more than one; None while there are none.
    _lists: dict[str, list[str]] | None
    # The names and the values as they came, until somebody asks.
    _wire: Wire | None

    def __init__(
        self,
        fields: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        /,
        **more: str,
    ) -> None:
        self._wire = None
        self._lists = None
        # A dict first: asking an abstract class about its instances takes longer than all the rest.
        if type(fields) is dict:
            for name in fields:
                if name not in canonical_names:
                    self._fields = {canonical(name): value for name, value in fields.items()}
                    break
            else:
                self._fields = fields.copy()
        else:
            self._fields = {}
            if isinstance(fields, HTTPHeaders):
                for name, value in fields.get_all():
                    self.add(name, value)
            elif isinstance(fields, Mapping):
                self.update(fields)
            else:
                for name, value in fields:
                    self.add(name, value)
        if more:
            self.update(more)

    def _read_wire(self, wire: Wire) -> None:
        self._wire = None
        self._lists = None
        fields: dict[str, str] = {}
        self._fields = fields
        names, values = wire
        if isinstance(values, re.Match):
            values = values.groups()[-len(names) :]
        for name, value in zip(names, values):  # noqa: B905  # as many; saying so takes its time
            key = wire_spellings.get(name) or canonical_of_wire(name)
            text = value.strip(OWS_BYTES).decode("latin-1")
            if key in fields:
                self._append(key, text)
            else:
                fields[key] = text

    def _append(self, key: str, value: str) -> None:
        """Give the canonical name `key`, which has a value, one more."""
        if self._lists is None:
            self._lists = {}
        values = self._lists.get(key)
        if values is None:
            self._lists[key] = [self._fields[key], value]
        else:
            values.append(value)

    def add(self, name: str, value: str) -> None:
        """Add a field, and keep those of the same name that are there."""
        if self._wire is not None:
            self._read_wire(self._wire)
        key = canonical(name)
        if key in self._fields:
            self._append(key, value)
        else:
            self._fields[key] = value

    def get_list(self, name: str) -> list[str]:
        """All values of the fields called `name`, in the order in which they came."""
        if self._wire is not None:
            self._read_wire(self._wire)
        key = canonical(name)
        if self._lists is not None and key in self._lists:
            return self._lists[key].copy()
        value = self._fields.get(key)
        return [] if value is None else [value]

    def get_all(self) -> Iterable[tuple[str, str]]:
        """Every field as a pair of name and value; a repeated one comes once for each value."""
        if self._wire is not None:
            self._read_wire(self._wire)
        if self._lists is None:
            return self._fields.items()
        pairs = []
        for name, value in self._fields.items():
            values = self._lists.get(name)
            if values is None:
                pairs.append((name, value))
            else:
                pairs += [(name, one) for one in values]
        return pairs

    def raw_fields(self) -> list[tuple[bytes, bytes]]:
        """Every field as bytes, its name in lower case: the form in which ASGI wants them.

        Fields of a message that came in are in the order in which they came, repeated ones too.
        Who asks for nothing else does not pay for the map.

        >>> HTTPHeaders({"Content-Type": "text/html"}).raw_fields()
        [(b'content-type', b'text/html')]
        """
        wire = self._wire
        if wire is None:
            return [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in self.get_all()
            ]
        names, values = wire
        if isinstance(values, re.Match):
            values = values.groups()[-len(names) :]
        else:
            names = [name.lower() for name in names]
        return [(name, value.strip(OWS_BYTES)) for name, value in zip(names, values)]  # noqa: B905

    def parse_line(self, line: str) -> None:
        """Add the field in `line`, as in `Content-Type: text/html`, with or without its CRLF.

        Raises `HTTPInputError` for what is not a field line (RFC 9112 section 5), among them the
        continuation of another line, which that section has abolished.
        """
        if line.endswith("\n"):
            line = line[:-1].removesuffix("\r")
        name, colon, value = line.partition(":")
        if not colon or not is_token(name):
            raise HTTPInputError(f"not a header field: {printable(line)}")
        value = value.strip(OWS)
        if _BAD_TEXT.search(value):
            raise HTTPInputError(f"control character in the value of {name}")
        self.add(name, value)

    @classmethod
    def parse(cls, headers: str) -> HTTPHeaders:
        """Headers from text, a field a line; lines end with CRLF or LF.

        >>> headers = HTTPHeaders.parse("Content-Type: text/html\\r\\nContent-Length: 42\\r\\n")
        >>> list(headers.items())
        [('Content-Type', 'text/html'), ('Content-Length', '42')]

        This reads text that a program or a file holds; what comes over a network is read by the
        parsers, which take CRLF alone. Raises `HTTPInputError` as `parse_line` does.
        """
        self = cls()
        for line in headers.split("\n"):
            line = line.removesuffix("\r")
            if line:
                self.parse_line(line)
        return self

    def copy(self) -> HTTPHeaders:
        """Headers of their own with the same fields."""
        return HTTPHeaders(self)

    def __copy__(self) -> HTTPHeaders:
        return self.copy()

    def __reduce__(self) -> tuple[type[HTTPHeaders], tuple[list[tuple[str, str]]]]:
        return type(self), (list(self.get_all()),)

    def __getitem__(self, name: str) -> str:
        if self._wire is not None:
            self._read_wire(self._wire)
        key = canonical(name)
        if self._lists is not None and key in self._lists:
            return ",".join(self._lists[key])
        return self._fields[key]

    def __setitem__(self, name: str, value: str) -> None:
        if self._wire is not None:
            self._read_wire(self._wire)
        key = canonical(name)
        if self._lists is not None:
            self._lists.pop(key, None)
        self._fields[key] = value

    def __delitem__(self, name: str) -> None:
        if self._wire is not None:
            self._read_wire(self._wire)
        key = canonical(name)
        del self._fields[key]
        if self._lists is not None:
            self._lists.pop(key, None)

    def __contains__(self, name: object) -> bool:
        if self._wire is not None:
            self._read_wire(self._wire)
        return isinstance(name, str) and canonical(name) in self._fields

    def __iter__(self) -> Iterator[str]:
        if self._wire is not None:
            self._read_wire(self._wire)
        return iter(self._fields)

    def __len__(self) -> int:
        if self._wire is not None:
            self._read_wire(self._wire)
        return len(self._fields)

    def __str__(self) -> str:
        return "".join([f"{name}: {value}\n" for name, value in self.get_all()])

    def __repr__(self) -> str:
        return f"HTTPHeaders({list(self.get_all())!r})"


_new: Final = HTTPHeaders.__new__


def headers_from_wire(
    names: Sequence[bytes], values: Sequence[bytes] | re.Match[bytes]
) -> HTTPHeaders:
    """Headers from the names and values of field lines that a parser has found valid.

    A value may have white space around it. `values` may be a match, whose last groups they are, if
    the names are in lower case.
    Both are kept, not copied, and read when somebody first asks for a field. A function, because
    this is done with every request.
    """
    headers = _new(HTTPHeaders)
    # The other attributes are set when the fields are read.
    headers._wire = (names, values)
    return headers
