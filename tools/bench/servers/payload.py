"""The answers that every server gives, so that all do the same work."""

HELLO = b"Hello, world!"
LARGE = bytes(range(256)) * (8 * 1024 * 1024 // 256)
LARGE_PATH = "/large"
