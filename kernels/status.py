"""What happened at one point of a sweep: one number per point, shared by every model."""

from enum import IntEnum


class Status(IntEnum):
    """Status of one computed point, stored as ``uint8`` beside the outputs; `MEANING` says what each is.

    ``not_computed`` is never returned by a kernel: it is the fill value of a cube, so that a tile
    whose status is still zero is a tile that was never committed.
    """

    not_computed = 0
    ok = 1
    corner = 2
    several_equilibria = 3
    no_equilibrium = 4
    negative_investment = 5
    not_a_minimum = 6
    out_of_domain = 7
    not_finite = 8
    infeasible = 9
    max_steps = 10
    not_steady = 11
    boundary_start = 12
    step_too_small = 13
    sliding = 14
    unresolved = 15


# What each says, and of what went wrong which keys of the sweep file to change. Printed under counts.
MEANING: dict[Status, str] = {
    Status.not_computed: "the tile holding this point has not been computed yet: run the sweep file again",
    Status.ok: "interior solution, and the only one of those that the model counts",
    Status.corner: "the solution lies on the boundary of its domain (no investment, a share of zero)",
    Status.several_equilibria: "more than one equilibrium exists; the chosen branch is reported",
    Status.no_equilibrium: (
        "no solution exists here; outputs are NaN: take other values in [axes] or [fixed] (of the game"
        " external, another formulation)"
    ),
    Status.negative_investment: (
        "the raw root is negative, as the paper's own computation would return it: another formulation in"
        " [fixed] bounds it, other values in [axes] may avoid it"
    ),
    Status.not_a_minimum: (
        "the first-order condition holds but the second-order check fails: what is reported is no optimum;"
        " take other values in [axes] or [fixed]"
    ),
    Status.out_of_domain: (
        "the parameters contradict each other at this point; outputs are NaN: take other values in [axes]"
        " or [fixed]"
    ),
    Status.not_finite: (
        "an output, or on an orbit the state or the field, is NaN or infinite, although the model reported"
        " success; or a whole number is larger than its type holds; or a component of an orbit fell too"
        " far below its scale to be followed, and it makes a difference that it counts as 0: take other"
        ' values in [axes] or [fixed], dtype = "float64", or of an orbit an earlier horizon'
    ),
    Status.infeasible: (
        "the constraints cannot all be met; outputs are NaN: loosen them in [axes] or [fixed]"
    ),
    Status.max_steps: (
        "the integrator ran out of steps before the horizon, and its last state is reported: in [integrator]"
        " raise max_steps, loosen rtol and atol (state an atol where a component falls to nothing again and"
        " again), or, where the flow is stiff, take an implicit solver (rodas5p, kvaerno5); or let the model"
        " integrate logarithms (of shares logits)"
    ),
    Status.not_steady: (
        "the horizon ended before the orbit settled: take a later horizon in [fixed] or [axes], or in"
        ' [integrator] horizon = "decided"; where time moves the field nothing settles, and final states and'
        " paths are results"
    ),
    Status.boundary_start: (
        "the start lies on a face of the state space, which its orbit never leaves: where this is not meant,"
        " start inside, by what [axes] or [fixed] say of the start"
    ),
    Status.step_too_small: (
        "the integrator's steps shrank below what the clock resolves: the orbit runs off to infinity, which"
        " an earlier horizon avoids; or the field jumps, at times that breaks in [integrator] may name; else"
        " loosen rtol and atol there, take another solver, or let the model integrate logarithms (of shares"
        " logits)"
    ),
    Status.sliding: (
        "the orbit came to a switch of its field that drives it back from both sides, along which it would"
        " slide; its state there is reported: take an earlier horizon, other values in [axes] or [fixed], or"
        " a smooth switch in the model"
    ),
    Status.unresolved: (
        "what is listed is right, but is not shown to be all: rest points that all but coincide, or more than"
        " there is room for; take other values in [axes] or [fixed]"
    ),
}

# Statuses of points that hold an answer: all others say what to change.
ANSWERS = frozenset({Status.ok, Status.corner, Status.several_equilibria})

# Points without a result: the engine blanks every real output there.
WITHOUT_RESULT = frozenset({Status.no_equilibrium, Status.out_of_domain, Status.infeasible})
