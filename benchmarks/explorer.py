"""The explorer on a cube larger than memory: until the first picture, and until a moved slider has drawn.

Run as ``PYTHONPATH=tests .venv/bin/python benchmarks/explorer.py``; it needs what ``make test-browser``
installs, and 6 GB in the folder for temporary files. Goals on two cores: first picture 3 s, a move 300 ms,
1 GiB resident.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from helpers.explorer.browser import browser, shown_in

COMMAND = Path(sys.executable).parent / "equisweep"
MOVES = 50
SWEEP = """
model = "external"
outputs = ["investment"]
[axes]
alpha = { start = 0.1, stop = 0.9, num = 1000 }
beta = { start = 0.1, stop = 0.9, num = 1000 }
v = { start = 0.1, stop = 0.9, num = 1000 }
[fixed]
mechanism = "noncooperation"
n = 3
L = 400
E = 0.1
"""
# Pictures whose slider leads along one tile each, and across all tiles.
PICTURES = {
    "along": "var=investment&x=beta&y=v&sel=alpha~0.5",
    "across": "var=investment&x=alpha&y=beta&sel=v~0.5",
}


def main() -> None:
    """Make a cube of a billion points, look at it, and print what that took."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sweep.toml").write_text(SWEEP)
        cube = Path(folder) / "cube.zarr"
        subprocess.run([COMMAND, "run", Path(folder) / "sweep.toml", "-o", cube, "-q"], check=True)
        for file in filter(Path.is_file, cube.rglob("*")):
            file.read_bytes()  # the disk is not what is measured
        begun = time.perf_counter()
        command = [COMMAND, "explore", cube, "--no-browser"]
        with browser() as opened, subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                measure(opened, server.stdout.readline().strip(), server.pid, begun)
            finally:
                server.terminate()


def measure(opened: Any, url: str, server: int, begun: float) -> None:
    """Print the time to the first picture, of a move of each slider, and the memory of the server."""
    with shown_in(opened, url) as shown:
        print(f"first picture   {time.perf_counter() - begun:.2f} s after the command")
        for name, address in PICTURES.items():
            before = shown.drawn
            shown.value(f"location.hash = {address!r}")
            shown.settled(before)
            time.sleep(2)  # until it is drawn in full
            slider = shown.value("document.querySelector('#controls input[type=range]').id")
            used, walls = cpu_seconds(server), []
            for _ in range(MOVES):
                start = time.perf_counter()
                shown.press(slider, "ArrowRight")
                walls.append(time.perf_counter() - start)
            used = (cpu_seconds(server) - used) / MOVES
            wall = statistics.median(walls)
            print(f"a move {name:8} {wall:.3f} s until drawn, {used:.3f} s of the server's CPU")
        assert shown.error == ""
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"resident        {most_resident(server):.0f} MiB; load {load:.1f}, {cores} cores")


def cpu_seconds(pid: int) -> float:
    """What a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_resident(pid: int) -> float:
    """The most memory that a process has had, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    main()
