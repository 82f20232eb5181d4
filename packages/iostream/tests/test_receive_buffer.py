"""The inbox, against a model: a plain bytes object."""

import re

from hypothesis import given
from hypothesis import strategies as st

from iostream._receive_buffer import ReceiveBuffer

steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.binary(min_size=1, max_size=20)),
        st.tuples(st.just("prepend"), st.binary(min_size=1, max_size=20)),
        st.tuples(st.just("take"), st.integers(0, 30)),
        st.tuples(st.just("take_into"), st.integers(0, 30)),
        st.tuples(st.just("search"), st.integers(0, 30)),
    )
)


@given(steps)
def test_it_is_a_queue_of_bytes(steps: list[tuple[str, bytes | int]]) -> None:
    inbox = ReceiveBuffer()
    model = b""
    for step, argument in steps:
        if isinstance(argument, bytes):
            if step == "append":
                inbox.append(argument)
                model += argument
            else:
                inbox.prepend(argument)
                model = argument + model
        elif step == "take":
            size = min(argument, len(model))
            assert inbox.take(size) == model[:size]
            model = model[size:]
        elif step == "take_into":
            target = bytearray(argument)
            size = inbox.take_into(memoryview(target))
            assert size == min(argument, len(model))
            assert target[:size] == model[:size]
            model = model[size:]
        else:
            pattern = re.compile(rb"[^\x00]\x00")
            start = min(argument, len(model))
            match = pattern.search(model, start)
            assert inbox.search(pattern, start) == (match.end() if match else -1)
        assert inbox.size == len(model)
        assert bytes(inbox.data[inbox.start :]) == model


def test_one_piece_is_handed_on_as_it_is() -> None:
    inbox = ReceiveBuffer()
    piece = b"a piece"
    inbox.append(piece)
    assert inbox.take(len(piece)) is piece


def test_a_pattern_sees_the_beginning_of_what_is_unread() -> None:
    inbox = ReceiveBuffer()
    inbox.append(b"taken;rest")
    inbox.take(6)
    assert inbox.search(re.compile(rb"^r"), 0) == 1
    assert inbox.search(re.compile(rb"(?<=;)r"), 0) == -1
