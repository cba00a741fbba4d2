"""How many cores could be kept busy while a benchmark ran: threads that hash, which nothing holds up."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

_BUFFER = bytes(2**22)
_ROUNDS = 64


def hashing() -> tuple[Any, Any]:
    """Case: one thread per core, each hashing a quarter of a gigabyte (hashlib lets other threads run)."""
    count = os.cpu_count() or 1
    threads = ThreadPoolExecutor(count)

    def one(_: int) -> str:
        state = hashlib.sha256()
        for _ in range(_ROUNDS):
            state.update(_BUFFER)
        return state.hexdigest()

    return lambda: list(threads.map(one, range(count))), lambda _: {}
