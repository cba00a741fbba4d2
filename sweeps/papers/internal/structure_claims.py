"""What the internal paper says of its ten factors' levels (section 3), checked."""

from ..claims import Claim
from .structure import TEN_FACTORS, Structure, load_structure

# The one influence that the shipped matrix has beyond those that the text states [recon].
ASSUMED = ("management_system", "technicians")
_THREE = (
    "the influences that the text states give three levels; one more, as of the management system on the "
    "technicians, gives the four, so its lost matrix held some that its text does not name"
)


def claims() -> list[Claim]:
    """The sentences about levels, of the matrix as stated and as shipped."""
    shipped = load_structure(TEN_FACTORS)
    stated = shipped.adjacency.copy()
    stated[shipped.names.index(ASSUMED[0]), shipped.names.index(ASSUMED[1])] = False
    as_stated = Structure(shipped.names, stated)
    first = {frozenset(one.levels()[0]) for one in (as_stated, shipped)}
    top = first == {frozenset(("application_systems", "data"))}
    few, all_of_them = len(as_stated.levels()), len(shipped.levels())
    return [
        Claim("section 3", "data and application systems stand on level 1", top,
              "with and without it"),
        Claim("section 3", "the influences stated give four levels", few == 4, f"{few} levels",
              False, _THREE),
        Claim("section 3", "with one more influence there are four levels [recon]", all_of_them == 4,
              f"{all_of_them} levels with {ASSUMED[0]} -> {ASSUMED[1]}"),
    ]  # fmt: skip
