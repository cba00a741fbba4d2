"""A process that holds the cases of one peer, and runs one of them when told to.

Peers stay apart: each has its own process, so that their thread pools, compilers and environments do not
meet, and a crash costs one peer only. The processes stay alive, so that peers can be timed in turn. A
request is a line of JSON on standard input, the answer a line of JSON on standard output.
"""

import json
import math
import os
import sys
import time
from importlib import import_module
from typing import Any


def serve() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    held = Held()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(held, request.pop("do"))(**request)
        except ImportError as error:
            answer = {"missing": str(error)}
        except Exception as error:  # whatever a peer raises becomes a row of the table
            answer = {"failed": _in_one_line(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


class Held:
    """The cases made so far, and what each returned last."""

    def __init__(self) -> None:
        self._cases: dict[int, Any] = {}
        self._results: dict[int, Any] = {}

    def make(self, case: int, maker: str, options: dict[str, Any], needs: list[str]) -> dict[str, Any]:
        """Import what the case needs (not timed), build it and call it once (timed together)."""
        for name in needs:
            import_module(name)
        module, _, function = maker.partition(":")
        make = getattr(import_module(module), function)
        began = time.perf_counter()
        self._cases[case] = made = make(**options)
        spent = time.perf_counter() - began
        for prepare in made[2:]:
            prepare()
        began = time.perf_counter()
        self._results[case] = made[0]()
        return {"seconds": spent + time.perf_counter() - began}

    def run(self, case: int) -> dict[str, float]:
        """Call it again: wall seconds, and CPU seconds of all threads."""
        self._results[case] = None  # so that its memory can be used again
        work, _, *before = self._cases[case]
        for prepare in before:
            prepare()
        cpu, began = time.process_time(), time.perf_counter()
        result = work()
        seconds = time.perf_counter() - began
        self._results[case] = result
        return {"seconds": seconds, "cpu": time.process_time() - cpu}

    def check(self, case: int) -> dict[str, Any]:
        """Steps taken and error achieved, as the case itself measures them; its memory is freed."""
        check = self._cases.pop(case)[1]
        outcome = check(self._results.pop(case))
        return {k: v if isinstance(v, str) or math.isfinite(v) else None for k, v in outcome.items()}


def _in_one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:160]


if __name__ == "__main__":
    serve()
