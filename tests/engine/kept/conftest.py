"""A folder of its own for what is kept, and a look at how often a model is traced."""

import cProfile
import os
from contextlib import contextmanager

import jax
import pytest
from equisweep.engine.grid import made_before
from jax.experimental.compilation_cache.compilation_cache import reset_cache


@pytest.fixture
def folder(tmp_path):
    """Where things are kept during the test; what this process made before is forgotten."""
    before = os.environ["XDG_CACHE_HOME"], jax.config.jax_compilation_cache_dir, dict(made_before.MADE)
    own = tmp_path / "equisweep" / "compiled"
    own.mkdir(mode=0o700, parents=True)
    os.environ["XDG_CACHE_HOME"] = str(tmp_path)
    jax.config.update("jax_compilation_cache_dir", str(own))
    reset_cache()  # which else stays where it was when first used
    made_before.MADE.clear()
    yield own
    os.environ["XDG_CACHE_HOME"] = before[0]
    jax.config.update("jax_compilation_cache_dir", before[1])
    reset_cache()
    made_before.MADE.clear()
    made_before.MADE.update(before[2])


@pytest.fixture
def calls():
    """A context in which the calls of functions of this name are counted, which JAX makes when it traces."""

    @contextmanager
    def counting(name, file):
        seen = []
        profile = cProfile.Profile(
            builtins=False
        )  # a function of Python at each call would take thrice the time
        profile.enable()
        try:
            yield seen
        finally:
            profile.disable()
            for entry in profile.getstats():
                code = entry.code
                if code.co_name == name and code.co_filename.endswith(file):
                    seen += [name] * entry.callcount

    return counting
