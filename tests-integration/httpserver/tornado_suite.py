"""Tornado's own tests with our `HTTPServer` in place of its: `python tornado_suite.py MODULE...`."""

import logging
import sys
import unittest
from collections.abc import Iterator

import tornado.httpserver

from httpserver import HTTPServer

# Tests that hold a server to something that ours does differently, and why.
DIFFERENT = {
    # A target with a quote, an angle bracket, or a backslash in its path is refused (RFC 3986).
    "CacheTest": "quote in the target",
    "StaticDefaultFilenameRootTest.test_no_open_redirect_backslash": "backslash in the target",
    "StatusReasonTest.test_reason_xss": "angle bracket in the target",
    # Small chunks that come together are handed over together.
    "StreamingRequestFlowControlTest.test_flow_control_chunked_body": "chunks are joined",
    "StreamingRequestFlowControlTest.test_flow_control_compressed_body": "chunks are joined",
    # They look for Tornado's words in an exception or a log line.
    "IncorrectContentLengthTest": "words of an error",
    "StreamingRequestBodyTest.test_close_during_upload": "log lines",
}


def main() -> None:
    """Run the modules' tests; the exit code is 1 if any fails."""
    # Before `tornado.testing` is imported, which takes the name from there.
    tornado.httpserver.HTTPServer = HTTPServer  # type: ignore[misc, assignment]
    logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
    suite = unittest.TestSuite()
    for case in cases(unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])):
        if not any(name in case.id() for name in DIFFERENT):
            suite.addTest(case)
    result = unittest.TextTestRunner().run(suite)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)


def cases(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """The single tests in `suite`."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from cases(test)
        else:
            yield test


if __name__ == "__main__":
    main()
