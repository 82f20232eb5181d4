"""The queue of output, against a model: a plain bytes object."""

import tempfile

from hypothesis import given
from hypothesis import strategies as st

from iostream._file_segment import FileSegment
from iostream._send_queue import JOIN_LIMIT
from iostream._send_queue import Batch
from iostream._send_queue import SendQueue


def content(batch: Batch) -> bytes:
    if isinstance(batch, FileSegment):
        return batch.peek(1 << 30)
    return b"".join(batch) if isinstance(batch, list) else bytes(batch)


sizes = st.one_of(st.integers(1, 40), st.sampled_from([JOIN_LIMIT - 1, JOIN_LIMIT, JOIN_LIMIT + 1]))


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["bytes", "view", "file"]), sizes),
            st.tuples(st.just("advance"), st.integers(0, 100)),
        ),
        max_size=60,
    )
)
def test_every_byte_goes_out_once_and_in_order(steps: list[tuple[str, int]]) -> None:
    queue = SendQueue()
    model = b""
    with tempfile.TemporaryFile() as file:
        file.write(bytes(index % 251 for index in range(JOIN_LIMIT + 50)))
        for number, (kind, size) in enumerate(steps):
            if kind == "advance":
                if queue.size:
                    batch = content(queue.batch())
                    assert batch
                    assert model.startswith(batch)
                    sent = len(batch) * size // 100
                    if sent == queue.size:
                        queue.clear()
                    else:
                        queue.advance(sent)
                    model = model[sent:]
            else:
                data = bytes([number % 256]) * size
                if kind == "file":
                    segment = FileSegment(file, 7, size)
                    data = segment.peek(size)
                    queue.append(segment)
                else:
                    queue.append(memoryview(data) if kind == "view" else data)
                model += data
            assert queue.size == len(model)
        while queue.size:
            batch = content(queue.batch())
            assert model.startswith(batch)
            model = model[len(batch) :]
            if len(batch) == queue.size:
                queue.clear()
            else:
                queue.advance(len(batch))
    assert not model


def test_small_pieces_are_joined_and_large_ones_are_not_copied() -> None:
    queue = SendQueue()
    large = bytes(JOIN_LIMIT)
    for piece in (b"a", b"b", large):
        queue.append(piece)
    batch = queue.batch()
    assert isinstance(batch, list)
    assert batch[2] is large
    queue.advance(2)
    assert queue.batch() is large
    queue.advance(1)
    rest = queue.batch()
    assert isinstance(rest, memoryview)
    assert rest.obj is large
    queue.clear()
    for piece in (b"a", b"b", b"c"):
        queue.append(piece)
    assert queue.batch() == b"abc"


def test_a_batch_has_no_more_pieces_than_the_kernel_takes() -> None:
    queue = SendQueue()
    for _ in range(5000):
        queue.append(bytes(1000))
    batch = queue.batch()
    assert isinstance(batch, list)
    assert len(batch) == 1024
    queue.clear()
    for _ in range(5000):
        queue.append(b"x")
    assert queue.batch() == b"x" * 5000
