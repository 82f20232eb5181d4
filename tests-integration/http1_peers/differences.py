"""Where http1 and another parser disagree about a vector, and why: patterns of its name, as in a shell.

A difference that is not listed fails the test, and so does a line that is not true any more.
"""

# --- h11

H11_TAKES = {
    "Content-Length: list*": "equal values may be merged (RFC 9110 section 8.6); we take one only",
    "Content-Length: twice, equal": "as a list",
    "Content-Length: more than *": "h11 leaves sizes to its user",
    "Content-Length: over the limit": "as above",
    "*folded*": "h11 unfolds, as RFC 9112 section 5.2 lets a server do; we refuse, as it lets one too",
    "field: leading *": "a fold of nothing; h11 takes it behind another field",
    "field: a line of white space*": "a fold that adds nothing",
    "*Transfer-Encoding and Content-Length": "Transfer-Encoding wins (RFC 9112 section 6.1), or refused",
    "Content-Length and Transfer-Encoding": "as above",
    "smuggled behind both lengths": "as above",
    "Transfer-Encoding in HTTP/1.0": "faulty framing (RFC 9112 section 6.1)",
    "chunk: trailing *": "h11 lets white space stand behind the size, for old senders",
    "chunk: 17 digits": "h11 takes twenty digits",
    "chunk: overflow of 64 bits": "as above; Python's integers have no end",
    "chunk: 64 bits": "h11 leaves the size of a body to its user",
    "chunk: 32 bits": "as above",
    "chunk: extension*": "h11 reads past extensions without a look at them",
    "chunk: endless *extension": "h11 looks at the line of a chunk when all of it is there: it waits",
    "chunk: too many *trailers": "h11 leaves the number and size of fields to its user, in sum",
    "chunk: trailer* too long*": "as above",
    "chunk: endless *trailer": "as above",
    "chunk: trailer section ends with *": "h11 takes LF for CRLF in heads, and waits behind CR",
    "chunk: trailer: bare LF": "as above",
    "field: bare LF*": "as above",
    "field: LF instead of the empty line": "as above",
    "field: all LF": "as above",
    "field: CR instead of the empty line": "h11 looks at a head when all of it is there: it waits",
    "field: all CR": "as above",
    "request line: endless method": "as above",
    "junk behind a good body": "as above",
    "field: BEL*": "h11 refuses those control characters only that can be mistaken for a line's end",
    "field: ESC*": "as above",
    "field: DEL*": "as above",
    "field*: too *": "h11 leaves the number and size of fields to its user, in sum",
    "field: endless *": "as above",
    "Host: *": "h11 counts Host, and does not look at its value",
    "request line: *": "h11 takes any visible ASCII for a target, and any version",
    "CONNECT with *": "h11 reads a body, as of any request",
    "Expect: *": "h11 reads 100-continue and leaves the rest to its user",
}

H11_REFUSES = {
    "Content-Length: many zeros": "h11 counts digits",
    "*empty line*": "RFC 9112 section 2.2 asks servers to ignore one",
}

# --- httptools

HTTPTOOLS_TAKES = {
    "Content-Length: more than 63 bits": "it counts up to 64 bits",
    "Content-Length: over the limit": "it leaves sizes to its user",
    "Transfer-Encoding: empty element before": "an empty element of a list means nothing",
    "Transfer-Encoding: *, chunked": "it leaves other codings to its user",
    "Transfer-Encoding: gzip in a line of its own": "as above",
    "Transfer-Encoding in HTTP/1.0": "faulty framing (RFC 9112 section 6.1)",
    "chunk: 17 digits": "zeros do not overflow",
    "chunk: * bits": "it leaves sizes to its user",
    "chunk: extension*": "it checks the characters of an extension, not all of its grammar",
    "chunk: endless *extension": "as above, and their size is its user's business",
    "chunk: too many *trailers": "it leaves the number and size of fields to its user",
    "chunk: trailer* too long*": "as above",
    "chunk: endless *trailer": "as above",
    "field*: too *": "it leaves the number and size of fields to its user",
    "field: endless *": "as above",
    "Host: *": "it does not look at Host",
    "request line: two spaces*": "it skips them",
    "request line: HTTP/0.9*": "it still speaks it",
    "request line: HTTP/2.0": "it reads it as another 1.1",
    "request line: very long *": "it leaves sizes to its user",
    "request line: fragment*": "it splits it off, or keeps it",
    "request line: * in the target": "it takes most characters for parts of a target",
    "request line: * in the path": "as above",
    "request line: asterisk *": "it does not tie the form of a target to the method",
    "request line: CONNECT*": "as above, and the authority is not looked at",
    "request line: absolute form: *": "the authority is not looked at",
    "request line: empty line in place of a method": "it skips any number of empty lines",
    "request line: three empty lines": "as above",
    "request line: LF before": "as above",
    "request line: CR before": "as above",
    "CONNECT with *": "it takes what follows for a tunnel, and does not tell that something is odd",
    "Expect: *": "it leaves Expect to its user",
}

HTTPTOOLS_REFUSES = {
    "Transfer-Encoding: OWS": "it does not take a tab before the value",
    "chunk: trailers": "a Content-Length in the trailer section: left out by us, refused by it",
    "request line: later minor version": "it knows 1.0, 1.1 and 2.0; RFC 9110 section 6.2 wants 1.9 read",
    "request line: unknown method": "it knows a list of methods; to us a method is a token",
    "request line: lower case method": "as above",
    "request line: method of odd characters": "as above",
    "request line: longest method": "as above",
}
