"""A figure as PNG: its dots as matplotlib draws them, in less time than ``savefig`` takes."""

import struct
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INCHES_IN_A_METRE = 1 / 0.0254
# Each line as differences from the one above, which most of a picture repeats: PNG's filter "up".
_UP = 2
# Of zlib's 1 to 9: files are a sixth larger than at 6, in a third of the time.
_LEVEL = 3


def save_png(figure: "Figure", path: Path, dpi: float) -> None:
    """Write a figure to a path, laid out once by its own engine where it has one; savefig does so twice."""
    with path.open("wb") as file:
        write_png(figure, file, dpi)


def write_png(figure: "Figure", file: IO[bytes], dpi: float) -> None:
    """Draw a figure once and write its dots."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas, before = figure.canvas, figure.dpi
    try:
        figure.dpi = dpi
        drawn = FigureCanvasAgg(figure)
        drawn.draw()
        dots = np.asarray(drawn.buffer_rgba())
    finally:
        figure.dpi = before
        figure.set_canvas(canvas)
    about = f"Matplotlib version{matplotlib.__version__}, https://matplotlib.org/"
    file.write(_SIGNATURE)
    file.write(b"".join(_chunks(dots, dpi, about)))


def _chunks(dots: np.ndarray, dpi: float, software: str) -> list[bytes]:
    """The parts of a PNG; its fourth channel, how opaque a dot is, where not all are."""
    if (dots[..., 3] == 255).all():
        dots = dots[..., :3]
    height, width, channels = dots.shape
    lines = np.ascontiguousarray(dots).reshape(height, -1)
    filtered = np.full((height, 1 + lines.shape[1]), _UP, np.uint8)
    filtered[0, 1:] = lines[0]
    np.subtract(lines[1:], lines[:-1], out=filtered[1:, 1:])
    per_metre = round(dpi * _INCHES_IN_A_METRE)
    colours = {3: 2, 4: 6}[channels]
    return [
        _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)),
        _chunk(b"tEXt", b"Software\0" + software.encode("latin-1")),
        _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
        _chunk(b"IDAT", zlib.compress(filtered.data, _LEVEL)),
        _chunk(b"IEND", b""),
    ]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
