"""What a run says of itself when it ends."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """What a run did.

    Attributes
    ----------
    computed, tiles
        Tiles computed now, and in all.
    points, seconds
        Points computed now, and how long that took.
    compilations
        How many kernels were compiled: none of those that an earlier run of this process compiled.
    device
        Where it ran; empty where nothing was left to compute.
    grown
        Whether a cube that was there has grown at the ends of its axes.
    missing
        Of a part of a sweep, whose `tiles` are the part's own: tiles of the cube that others have still to
        compute.
    reused
        Points that were taken over from another cube, beside the `points` that were computed.
    remark
        Why a GPU that seems to be there was not used; empty where there is none, or none was wanted.
    """

    computed: int
    tiles: int
    points: int
    seconds: float
    compilations: int
    device: str
    grown: bool = False
    missing: int = 0
    reused: int = 0
    remark: str = ""
