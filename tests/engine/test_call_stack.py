"""Calls far down ask the system for no memory, whatever their depth."""

import resource

from equisweep.engine.call_stack import in_one_chunk


def leaf(a, b=1, *, c=2):
    return a, b, c


def faults_at(depth, calls=400):
    """Pages that the system had to give to a loop of calls at this depth."""
    if depth:
        return faults_at(depth - 1, calls)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(calls):
        leaf(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def most_faults():
    return max(map(faults_at, range(300)))


def test_no_loop_of_calls_meets_the_end_of_a_piece_of_memory():
    assert in_one_chunk(most_faults)() < 100


def test_the_function_is_the_same():
    assert in_one_chunk(leaf)(3, c=4) == (3, 1, 4)
    assert in_one_chunk(leaf).__name__ == "leaf"
