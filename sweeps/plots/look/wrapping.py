"""Labels and titles that are longer than their panel, broken into lines that are not."""

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def wrap_long(panels: "Sequence[Axes]") -> bool:
    """Break titles and labels that are longer than their panels are wide or high; whether there were any.

    Sizes are those of the last drawing.
    """
    broken = False
    for panel in panels:
        box = panel.get_window_extent()
        beside = [text for text in panel.texts if text.get_rotation() == 270]
        for text, available, across in (
            (panel.title, box.width, True),
            (panel.xaxis.label, box.width, True),
            (panel.yaxis.label, box.height, False),
            *((text, box.height, False) for text in beside),
        ):
            broken |= _wrap(text, available, across)
    return broken


def _wrap(text: Any, available: float, across: bool) -> bool:
    said = text.get_text()
    extent = text.get_window_extent()
    length = extent.width if across else extent.height
    if not said.strip() or length <= available or " " not in said:
        return False
    letters = max(int(max(map(len, said.splitlines())) * available / length), 8)
    lines = wrap(" ".join(said.split()), letters, break_long_words=False, break_on_hyphens=False)
    if len(lines) <= len(said.splitlines()):
        return False
    text.set_text("\n".join(lines))
    return True
