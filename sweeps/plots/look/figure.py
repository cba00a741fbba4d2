"""The figure that pictures are: matplotlib's, which a notebook shows where it is the last line of a cell."""

from io import BytesIO

from matplotlib.figure import Figure


class Drawing(Figure):
    """A matplotlib figure that needs no pyplot to be seen in a notebook."""

    def _repr_png_(self) -> bytes:
        """The figure as a notebook shows it."""
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()
