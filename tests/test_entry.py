"""A command hears the signals that stop it before anything of it is loaded."""

import signal
import subprocess
import sys

import pytest

# What loads the command waits, as on a cold disk. SIGINT ends the wait in no other way than the others do. It
# wakes now and then: Python answers no signal that comes just before a wait begins until that wait is over.
WAITS = """
import select, signal, sys
ignored = [int(number) for number in sys.argv[1:]]
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
    signal.signal(number, signal.SIG_IGN if number in ignored else usual)

class Slow:
    def find_spec(self, name, path, target=None):
        if name == "equisweep.sweeps":
            print("ready", flush=True)
            while not select.select([sys.stdin], [], [], 0.05)[0]:
                pass
            sys.stdin.readline()
            sys.exit("went on")

sys.meta_path.insert(0, Slow())
from equisweep.entry import entry
entry()
"""
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def loading(*ignored):
    child = subprocess.Popen(
        [sys.executable, "-c", WAITS, *map(str, ignored)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_before_the_command_is_loaded_says_how_to_go_on(number):
    with loading() as child:
        child.send_signal(number)
        said = child.stderr.read()
    assert said == "equisweep: stopped; the same command starts anew, or goes on where it was\n"
    assert child.returncode == 130


def test_it_ends_with_130_where_nobody_listens_any_more():
    with loading() as child:
        child.stderr.close()
        child.send_signal(signal.SIGTERM)
    assert child.returncode == 130


def test_a_signal_that_was_ignored_stays_ignored():
    with loading(*map(int, SIGNALS)) as child:
        for number in SIGNALS:
            child.send_signal(number)
        child.stdin.write("\n")
        child.stdin.close()
        assert child.stderr.read() == "went on\n"


def test_nothing_is_loaded_before_signals_are_heard():
    code = "import gc, signal, sys; old = {*sys.modules}; import equisweep.entry; print({*sys.modules} - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.strip("'") for name in done.stdout.strip("{}\n").split(", ")}
    assert loaded <= {"equisweep", "equisweep.entry"}
