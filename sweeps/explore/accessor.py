"""The method with which a cube opens its page."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..cube.select import Selections

if TYPE_CHECKING:
    import xarray as xr

    from .explorer import Explorer


class Explored:
    """What of ``dataset.equisweep`` shows a page."""

    _dataset: "xr.Dataset"

    def explore(
        self, other: "xr.Dataset | None" = None, *, selections: Selections = (), model: str | None = None,
        port: int = 0,
    ) -> "Explorer":  # fmt: skip
        """A page to look at the cube with, in the notebook or in a browser; as ``equisweep explore``.

        Parameters
        ----------
        other
            a second cube, to be shown beside this one or as what differs.
        selections
            the part of the cube to look at.
        model
            of a cube whose model is your own: where it lies, "file.py:name". Its code runs where a
            trajectory or a boundary is asked for.
        port
            at which it is served, on this machine alone; any that is free if 0.

        Returns
        -------
        Explorer
            Shown below the cell of a notebook on this machine; ``url`` opens in a browser, ``stop()`` ends
            it. Raises SweepError where Bokeh is not installed (``pip install 'equisweep[explore]'``).
        """
        from .explorer import Explorer
        from .source import source_of_dataset

        given = [self._dataset] if other is None else [self._dataset, other]
        names = ["cube", "the other cube"]
        sources = [source_of_dataset(one, name, selections) for one, name in zip(given, names, strict=False)]
        return Explorer(sources, model, port)

    def explore_html(
        self,
        path: str | Path,
        *,
        selections: Selections = (),
        megabytes: float = 10.0,
        overwrite: bool = False,
    ) -> Path:
        """The same as one file that needs no server and no network, of a cube cut down to a size.

        Parameters
        ----------
        path
            of the file, which ends in .html.
        selections
            the part of the cube that it holds.
        megabytes
            how large it may be, with the 1.5 MB that draw it.
        overwrite
            whether to replace a file that is there.

        Returns
        -------
        Path
            Of the file. Numbers in it have single precision, and what was left out stands on the page.
            Raises SweepError where Bokeh is not installed, and where the file cannot be written.
        """
        from .one_file import write_page

        return write_page(self._dataset, path, selections, megabytes, overwrite)
