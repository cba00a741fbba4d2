"""A part of the hostile inputs, a different kind each: `make faults` takes all of them."""

import json
import subprocess
import sys

from helpers.products import costs_seconds
from helpers.project import ROOT

from faults.hostile.made import Made
from faults.hostile_inputs import CATALOGUE, KINDS

EVERY = 20  # one of so many
# The goal is 2 s, which `make faults` measures. Where other tests have the same cores caches are cold, and
# the same work takes up to twice the processor's time.
CPU_SECONDS = 4


@costs_seconds
def test_hostile_inputs_are_refused_soon_in_one_line_and_little_memory():
    command = [sys.executable, "-m", "faults.hostile_inputs", "--json"]
    command += ["--every", str(EVERY), "--cpu-seconds", str(CPU_SECONDS)]
    done = subprocess.run(command, cwd=ROOT / "tests", capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout.splitlines()[-1])
    assert sum(tried for _, tried, _ in rows) > 2000 / EVERY
    assert len(rows) >= len(KINDS) - 1
    assert all(tried == held for _, tried, held in rows)


def test_the_catalogue_is_large_and_its_names_are_its_own(tmp_path):
    cases = [case for module in CATALOGUE for case in module.cases(Made(tmp_path))]
    names = [f"{case.kind}: {case.name}" for case in cases]
    assert len(names) >= 2500
    assert {case.kind for case in cases} == set(KINDS)
    assert len(set(names)) == len(names)
