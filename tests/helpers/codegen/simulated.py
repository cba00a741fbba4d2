"""GPUs for the whole engine, without one: devices that say they are, whose kernels this processor runs."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from equisweep.engine import device as devices
from equisweep.engine.codegen import backends, grid_loop, lane_loop
from equisweep.engine.grid import function, made_before, vmap
from equisweep.engine.grid.launches import Launch
from equisweep.engine.xla import between_calls

from .gpu import OnThisProcessor


@dataclass(frozen=True)
class SimulatedGpu:
    """A GPU to whoever asks it; `host` is the device of JAX that computes in its place."""

    id: int
    host: Any
    platform = "gpu"
    device_kind = "a processor in a GPU's place"

    def memory_stats(self):
        return {"bytes_limit": 2**33}

    def __str__(self):
        return f"cuda:{self.id}"


def simulate(monkeypatch, count=1, threads=3):
    """From now on JAX sees so many GPUs: these, and where each array was sent, as the engine sends it."""
    hosts = jax.devices("cpu")
    gpus = tuple(SimulatedGpu(k, hosts[k % len(hosts)]) for k in range(count))
    backend, sent = OnThisProcessor(threads), []

    def send(coordinates, device):
        sent.append(device)
        return jax.device_put(coordinates, device.host)

    monkeypatch.setattr(devices, "_gpus", lambda: (gpus, ""))
    monkeypatch.setattr(vmap, "sent", send)
    monkeypatch.setattr(made_before, "MADE", type(made_before.MADE)())
    of = backends.backend_of
    for module in (backends, function, grid_loop):
        if hasattr(module, "backend_of"):
            monkeypatch.setattr(module, "backend_of", lambda name: backend if name == "gpu" else of(name))
    monkeypatch.setattr(lane_loop, "lane_backends", lambda: [backend])
    # A callback stands where a GPU's kernel is launched.
    monkeypatch.setattr(between_calls, "_STRUCTURAL", between_calls._STRUCTURAL | {"pure_callback"})
    return gpus, sent


class OnItsWay:
    """An array on a device, which says when it is asked to come home, and when somebody waits for it."""

    def __init__(self, name, array, say):
        self.name, self.array, self._say = name, array, say

    def copy_to_host_async(self):
        self._say("begun", self)
        self.array.copy_to_host_async()

    def is_ready(self):
        return self.array.is_ready()

    def __array__(self, *given, **more):
        self._say("arrived", self)
        return np.asarray(self.array)


def brought_home(monkeypatch, say=lambda what, array: None):
    """From now on: the bytes of all that is brought home from any device, by its name.

    `say("begun", array)` is called as a launch sends an array home, ("arrived", array) as somebody takes it.
    """
    begin, home = Launch.__post_init__, Counter()

    def counted(launch):
        home.update({name: array.nbytes for name, array in launch.values.items()})
        launch.values = {name: OnItsWay(name, array, say) for name, array in launch.values.items()}
        begin(launch)

    monkeypatch.setattr(Launch, "__post_init__", counted)
    return home
