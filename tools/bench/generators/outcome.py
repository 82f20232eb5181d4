"""What a generator prints when it has finished: one line of JSON."""

import json
from collections.abc import Sequence


def report(operations: int, seconds: float, errors: int, latencies: Sequence[float]) -> None:
    """Print the outcome; ``latencies`` are seconds, in any order."""
    ordered = sorted(latencies) or [0.0]
    print(
        json.dumps(
            {
                "operations": operations,
                "seconds": seconds,
                "errors": errors,
                "p50_us": ordered[len(ordered) // 2] * 1e6,
                "p99_us": ordered[len(ordered) * 99 // 100] * 1e6,
            }
        ),
        flush=True,
    )
