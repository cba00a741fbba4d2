"""`equisweep plot --kind sensitivity`: which parameters an output hangs on, as a picture."""

import argparse

from ....engine.errors import Argument, SweepError
from ..command import open_selected

KIND = "sensitivity"
# What other kinds have a use for.
_OTHERS = (
    "facet",
    "hue",
    "log",
    "line",
    "model",
    "title",
    "xlabel",
    "ylabel",
    "cmap",
    "levels",
    "range",
    "size",
)


def run(options: argparse.Namespace, dpi: float) -> int:
    """Draw what the options ask for, and write it."""
    from ...plots.drawn import Table, write_table
    from ...plots.save import save
    from ...sensitivity.picture import draw_sensitivity

    for name in _OTHERS:
        if getattr(options, name, None):
            raise SweepError("plot: ", Argument(name), " has no meaning for ", Argument("kind", KIND))
    figure, rows = draw_sensitivity(
        open_selected(options), options.var, options.method, x=options.x, y=options.y,
        selections=options.sel, keep=[name for name in options.keep.split(",") if name] or None,
    )  # fmt: skip
    save(figure, options.output, dpi, options.overwrite)
    print(options.output)
    if options.data:
        names = list(dict.fromkeys(name for row in rows for name in row))
        write_table(Table(names, ([row.get(name) for name in names] for row in rows)), options.data)
        print(options.data)
    return 0
