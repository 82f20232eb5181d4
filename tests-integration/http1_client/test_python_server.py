from .browsing import asynchronous
from .browsing import connect
from .browsing import fetch
from .conftest import TEXT


@asynchronous
async def test_files_on_one_connection(python_server: tuple[str, int]) -> None:
    stream = await connect(python_server)
    for method, target, status, body in (
        ("GET", "/text.txt", 200, TEXT),
        ("HEAD", "/text.txt", 200, b""),
        ("GET", "/text.txt", 200, TEXT),
    ):
        response = await fetch(stream, method, target)
        assert (response.status, response.body) == (status, body)
        assert response.still_open
    stream.close()


@asynchronous
async def test_errors_close(python_server: tuple[str, int]) -> None:
    for method, target, status in (("GET", "/nowhere", 404), ("POST", "/text.txt", 501)):
        stream = await connect(python_server)
        response = await fetch(stream, method, target, b"x" if method == "POST" else None)
        assert (response.status, response.complete, response.still_open) == (status, True, False)
        assert stream.closed()
