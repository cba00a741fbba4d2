"""A model file stands alone where nothing but its text decides what it computes."""

import pytest
from equisweep.engine.user_model.self_contained import self_contained
from helpers.project import ROOT

ALONE = [
    "import numpy as np\nX, W = np.polynomial.hermite_e.hermegauss(9)\ndef f(p): return p['x'] * W.sum()",
    "import jax.numpy as jnp\ndef f(p): return jnp.exp(p['x']).at[0].add(1)",
    "import numpy as np\nTABLE = np.linspace(0, 1, 5)\ndef f(p): return np.pi * TABLE.sum()",
    "from math import pi\nfrom functools import partial\nf = partial(max, pi)",
    "import jax\ndef f(p): return jax.lax.fori_loop(0, 3, lambda i, v: v + i, jax.nn.relu(p))",
    "from equisweep.kernels.declare import model\nfrom equisweep.kernels import Domain",
    "def f(p):\n    rows = []\n    for i in range(3):\n        rows.append(i)\n    del i\n    return rows",
    "import diffrax, optimistix as optx\ndef f(p): return optx.root_find(p, optx.Newton(1), diffrax.Tsit5())",
    "import equinox as eqx\n@eqx.filter_jit\ndef f(p): return p",
]
OTHERS = {
    "the time": "import time\ndef f(p): return time.time()",
    "the environment": "from os import environ",
    "chance": "import numpy as np\nX = np.random.rand(3)",
    "a file": "X = open('a')",
    "a file of NumPy": "import numpy as np\nX = np.load('x')",
    "a text of NumPy": "import numpy as np\nX = np.genfromtxt('x')",
    "a file by name": "from jax.numpy import load",
    "a module of one's own": "import factor",
    "a relative one": "from . import factor",
    "a counter": "N = 0\ndef f(p):\n    global N\n    N += 1",
    "memory": "SEEN = []\ndef f(p):\n    SEEN.append(1)\n    return p",
    "memory in a mapping": "SEEN = {}\ndef f(p):\n    SEEN['a'] = 1",
    "memory that is added to": "C = {'n': 0}\ndef f(p):\n    C['n'] += 1\n    return p",
    "memory in a class": "class C: n = 0\ndef f(p):\n    C.n += 1\n    return p",
    "memory in a default": "def f(p, seen=[]): return seen",
    "memory around a function": "def g():\n    s = []\n    def f(p):\n        s.append(p)\n    return f",
    "memory that is given": "def f(p, given):\n    given.append(1)",
    "an iterator": "I = iter([1, 2])\ndef f(p): return next(I)",
    "a name in words": "import math\nX = getattr(math, 'x')",
    "the inside of objects": "X = (1).__class__",
    "a module's module": "from dataclasses import sys",
    "a module's module by its name": "import functools\nX = functools.sys",
    "a module of ours that has NumPy": "import numpy as np\nX = np.lib",
    "a setting": "import jax\njax.config.update('a', 1)",
    "a callback": "import jax\njax.pure_callback(1)",
    "experiments": "import jax.experimental",
    "a module as a value": "import numpy as np\nM = np",
    "a name that is both": "import numpy as np\ndef f(np): return np.load(1)",
    "everything": "from math import *",
    "where it lies": "X = __file__",
    "what it prints": "print(1)",
    "addresses": "X = id(1)",
    "hashes": "X = hash('a')",
    "code": "X = eval('1')",
    "devices": "import jax\nX = jax.devices()",
    "sweeps": "from equisweep.sweeps import run",
    "the engine": "import equisweep.engine",
    "no Python": "def f(",
    "a file, where its name is bound elsewhere": "def g(open): return open\nX = open('a')",
    "a file, after its name was deleted": "open = 1\ndel open\nX = open('a')",
    "what a module of ours imports": "from equisweep.kernels import import_module\nX = import_module('os')",
    "what is not in a module of ours": "from equisweep.kernels.model import nothing_such",
    "a module of ours that is not there": "from equisweep.kernels.nothing import such",
    "a file of equinox": "import equinox as eqx\ndef f(p): return eqx.tree_deserialise_leaves('x', p)",
    "a callback of equinox": "import equinox as eqx\ndef f(p): return eqx.filter_pure_callback(max, p)",
    "how numbers are shown": "import numpy as np\nnp.polynomial.set_default_printstyle('ascii')",
    "the inside of equinox": "import equinox as eqx\nX = eqx.internal",
    "names in text": "from operator import attrgetter\nX = attrgetter('__class__')(1)",
}


@pytest.mark.parametrize("text", ALONE)
def test_mathematics_stands_alone(text):
    assert self_contained(text.encode())


@pytest.mark.parametrize("what", OTHERS)
def test_what_brings_in_something_else_does_not(what):
    assert not self_contained(OTHERS[what].encode())


def test_the_examples_stand_alone_but_for_the_one_that_reads_a_table():
    texts = {path.stem: path.read_bytes() for path in (ROOT / "examples").glob("*.py")}
    assert {name for name, text in texts.items() if not self_contained(text)} == {"table_game"}
