"""The grammar of an HTTP/1.x message, with the rule of the RFC above each table or expression.

There is one grammar in this package, and this is all of it: the fast path of the parsers, their
byte-by-byte path and the encoder use the same tables. Where a rule here is tighter or looser than
the RFC's, the comment says so and why.

Everything that works on text works on latin-1 text, so that one character is one byte of the wire.
No expression here uses a class that Python widens to Unicode (`\\d`, `\\s`, `\\w`). Those which few
messages need are text, not compiled: `re` does that at the first use, and keeps it.
"""

import re
from typing import Final

CRLF: Final = b"\r\n"
CRLF_CRLF: Final = b"\r\n\r\n"

# RFC 9110 section 5.6.3
#   OWS = *( SP / HTAB )
OWS: Final = " \t"
OWS_BYTES: Final = b" \t"

# RFC 9110 section 5.6.2
#   token = 1*tchar
#   tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"
#           / DIGIT / ALPHA
_TCHAR: Final = r"!#$%&'*+\-.^_`|~0-9A-Za-z"
TOKEN: Final = re.compile(rf"[{_TCHAR}]+")

# RFC 9110 section 5.5
#   field-content = field-vchar [ 1*( SP / HTAB / field-vchar ) field-vchar ]
#   field-vchar   = VCHAR / obs-text
#   obs-text      = %x80-FF
# The rest of a line from a byte in it on; what follows is never a byte that it could have taken.
LINE_REST: Final = rb"[\t\x20-\x7e\x80-\xff]*+"
# The bytes that may stand in a line of a head, between one CRLF and the next. `translate` with
# these as the bytes to delete leaves what may not: the CRLFs of a good head, and all that is wrong
# with a bad one.
LINE_BYTES: Final = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])
BAD_LINE_BYTE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

# RFC 9112 section 2.3
#   HTTP-version = HTTP-name "/" DIGIT "." DIGIT
#   HTTP-name    = %s"HTTP"
VERSION: Final = re.compile(r"HTTP/([0-9])\.([0-9])")

# RFC 9112 section 3.2.1, RFC 3986 sections 3.3 and 3.4
#   origin-form   = absolute-path [ "?" query ]
#   absolute-path = 1*( "/" segment )
#   segment       = *( unreserved / pct-encoded / sub-delims / ":" / "@" )
#   query         = *( pchar / "/" / "?" )
# Looser: the URL Standard lets browsers send [ ] ^ ` { | } as they are, everywhere in a target,
# and a percent sign or a backslash that means itself in a query. Refusing them refuses people.
# A bad percent-encoding in a path stays refused, and so does a backslash there: what reads the
# path next may take it for a slash.
_PCHAR: Final = r"!$&'()*+,\-./0-9:;=@A-Z_a-z~\[\]^`{|}"
ORIGIN_FORM: Final = re.compile(rf"/(?:[{_PCHAR}]|%[0-9A-Fa-f][0-9A-Fa-f])*(?:\?[{_PCHAR}?%\\]*)?")
# The request lines that nearly all requests begin with, a subset of what the rules above allow:
# the parts are method and target. What does not match is looked at rule by rule.
PLAIN_REQUEST_LINE: Final = re.compile(
    rb"(GET|POST|HEAD|PUT|DELETE|PATCH|OPTIONS)"
    rb" (/[!$&'()*+,\-./0-9:;=?@A-Z_a-z~]*+)"
    rb" HTTP/1\.1"
)

# RFC 3986 section 3.2.2, for the value of Host (RFC 9110 section 7.2) and every authority
#   Host       = uri-host [ ":" port ]
#   host       = IP-literal / IPv4address / reg-name
#   IP-literal = "[" ( IPv6address / IPvFuture ) "]"
#   reg-name   = *( unreserved / pct-encoded / sub-delims )
#   port       = *DIGIT
# Tighter: a port, where there is a colon, is one to five digits and at most 65535 (checked beside
# this expression): who means the default port leaves the colon out, as RFC 3986 section 3.2.3 asks
# of all who write such a thing. A zone identifier (RFC 6874) has no business on the wire;
# IPvFuture, which nobody ever defined, is refused.
# The parts: the name or address, the port. What stands in brackets is checked in full elsewhere.
AUTHORITY: Final = re.compile(
    r"(\[[0-9A-Fa-f:.]+\]|(?:[!$&'()*+,\-.0-9;=A-Z_a-z~]|%[0-9A-Fa-f][0-9A-Fa-f])*)"
    r"(?::([0-9]{1,5}))?"
)

# RFC 9112 section 3.2.2
#   absolute-form = absolute-URI
# Tighter: only the schemes that this protocol serves, and no user information (RFC 9110
# section 4.2.4 deprecates it and wants it treated as an error). The parts: scheme, authority, rest.
ABSOLUTE_FORM: Final = r"([Hh][Tt][Tt][Pp][Ss]?)://([^/?@]+)([/?].*)?"

# RFC 9110 section 8.6
#   Content-Length = 1*DIGIT
# Eighteen digits are fewer than 2**63, whatever they are; leading zeros are valid and not counted.
CONTENT_LENGTH: Final = re.compile(r"0*([0-9]{1,18})")
DIGITS: Final = re.compile(r"[0-9]+")

# RFC 9112 section 7.1
#   chunk-size = 1*HEXDIG
# Sixteen digits at most, leading zeros counted: nobody who means well sends more.
CHUNK_SIZE: Final = re.compile(rb"[0-9A-Fa-f]{1,16}")

# RFC 9112 section 7.1.1, RFC 9110 section 5.6.4
#   chunk-ext     = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
#   chunk-ext-val = token / quoted-string
#   quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
# Tighter: no white space. RFC 9110 section 5.6.3 has recipients read past BWS, "bad white space",
# which no sender may write; requests have been smuggled through it, and it is refused.
_QUOTED: Final = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t !-~\x80-\xff])*"'
CHUNK_EXTENSIONS: Final = rf"(?:;[{_TCHAR}]+(?:=(?:[{_TCHAR}]+|{_QUOTED}))?)+".encode("latin-1")

# RFC 9112 section 4
#   status-line   = HTTP-version SP status-code SP [ reason-phrase ]
#   status-code   = 3DIGIT
#   reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )
# Looser: the space before an empty reason may be missing. Servers leave it out, and nothing can be
# read into such a line but what it says; of the white space that section 4 lets recipients be
# lenient about, this is all that is taken.
# Tighter: there is no class of status below 1 (RFC 9110 section 15).
STATUS_LINE: Final = re.compile(
    r"(HTTP/[0-9]\.[0-9]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?"
)
