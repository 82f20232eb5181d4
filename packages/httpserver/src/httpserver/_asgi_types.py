"""The words of ASGI 3: scope, messages, and the three callables."""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import MutableMapping
from typing import Any
from typing import TypeAlias

# The values depend on the keys, and every framework has its own types for the same dictionaries:
# Starlette's are mappings to Any, asgiref's are typed dictionaries. Only Any goes with them all.
Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = MutableMapping[str, Any]

ASGIApplication: TypeAlias = Callable[[Any, Any, Any], Awaitable[object]]
"""An ASGI 3 application: `await application(scope, receive, send)`."""
