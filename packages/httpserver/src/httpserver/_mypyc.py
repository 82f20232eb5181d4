"""`mypyc_attr`: how a class tells mypyc that ordinary Python may subclass it when it is compiled.

mypyc reads the mark where it compiles, and mypy_extensions is there then. Nobody else needs it, so
that it is no dependency: uncompiled, the mark leaves the class as it is.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_extensions import mypyc_attr as mypyc_attr
else:

    def mypyc_attr(**_):
        return lambda cls: cls
