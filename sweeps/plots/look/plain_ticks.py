"""Numbers at ticks."""

from matplotlib.ticker import ScalarFormatter

_BEGIN, _END = r"$\mathdefault{", "}$"


class PlainTicks(ScalarFormatter):
    """matplotlib's numbers with mathematics in the power of ten alone.

    It sets every number as a formula as soon as the power is one, which takes longer than all else that it
    writes. They look alike.
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The number at a tick."""
        text = super().__call__(x, pos)
        if text.startswith(_BEGIN) and text.endswith(_END):
            inside = text.removeprefix(_BEGIN).removesuffix(_END)
            return inside if not set(inside) & set("{}\\$^_") else text
        return text
