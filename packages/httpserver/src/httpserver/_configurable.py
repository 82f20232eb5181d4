"""`Configurable`: a class of which the process can choose the implementation."""

import importlib
from typing import TypeVar
from typing import cast

T = TypeVar("T")


class Configurable(type):
    """The metaclass of a class whose `configure` replaces what calling the class makes.

    A metaclass, because the defaults that were configured have to reach the implementation's own
    `__init__`, whatever its arguments are.
    """

    def __call__(cls: type[T], *args: object, **kwargs: object) -> T:
        implementation, defaults = _configured.get(cls, (cls, {}))
        return cast(T, type.__call__(implementation, *args, **{**defaults, **kwargs}))

    def configure(cls, implementation: type | str | None, **kwargs: object) -> None:
        """Choose what calling this class makes, everywhere in this process.

        `implementation`: a subclass of this class, or its dotted name, imported now; None goes back
        to the class itself. `kwargs`: arguments for its constructor, unless a call gives them.
        Subclasses are not affected. Raises `TypeError` for what is not a subclass.
        """
        chosen = _find(cls if implementation is None else implementation)
        if not isinstance(chosen, type) or cls not in chosen.__mro__:
            raise TypeError(f"{chosen!r} is not a subclass of {cls.__name__}")
        _configured[cls] = (chosen, kwargs)


_configured: dict[type, tuple[type, dict[str, object]]] = {}


def _find(implementation: type | str) -> object:
    if not isinstance(implementation, str):
        return implementation
    module, _, name = implementation.rpartition(".")
    return cast(object, getattr(importlib.import_module(module), name))
