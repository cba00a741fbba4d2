"""How a command ends: in the order that the first signal asked for, and without a word too many."""

import signal
import subprocess
import sys

import pytest
from helpers.signalled import waiting

# What is said of tiles that are committed counts those whose writing is waited for.
TWICE = """
import sys, time
from equisweep.sweeps.commands import ctrl_c
end = ctrl_c._end
ctrl_c._end = lambda message: (time.sleep(0.3), end(message))
with ctrl_c.stop_on_signals():
    try:
        print("ready", flush=True)
        sys.stdin.readline()
    except KeyboardInterrupt:
        try:
            print("stopping", flush=True)
            sys.stdin.readline()
        except KeyboardInterrupt:
            print("disturbed", flush=True)
"""


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_does_not_disturb_the_good_order_that_the_first_asked_for(second):
    with waiting(TWICE) as child:
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "stopping\n"
        child.send_signal(second)
        assert child.stdout.read() == ""
        assert "ended at once; committed tiles are intact" in child.stderr.read()
    assert child.returncode == 130


# As soon as handlers of before are back, a signal would end the process by its number, though all is done.
OVER = """
import os, signal, sys
from equisweep.sweeps.commands import main as command

run = command.main

def main(*given, **named):
    code = run(*given, **named)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(os.getpid(), number)
    return code

command.main, command._main = main, lambda _arguments: print("ready") or 1
command.entry(["info"])
"""


def test_a_signal_once_the_command_is_over_changes_nothing():
    with waiting(OVER) as child:
        assert child.stderr.read() == ""
    assert child.returncode == 1


# Whoever calls `main` has handlers of the system's own, which would end the process by the signal's number.
SAYS_SLOWLY = """
import signal, sys, time
from equisweep.sweeps.commands import main as command

class Slow:
    def write(self, text):
        print(text, end="", file=sys.__stderr__, flush=True)
        print("ready", flush=True)
        time.sleep(60)
    def flush(self):
        pass

sys.stderr = Slow()
command._parser = lambda _commands: signal.raise_signal(signal.SIGINT)
sys.exit(command.main(["info"]))
"""


def test_a_second_signal_while_it_is_said_that_the_command_stopped_ends_it_in_good_order():
    with waiting(SAYS_SLOWLY) as child:
        child.send_signal(signal.SIGTERM)
        said = child.stderr.read()
    assert child.returncode == 130
    assert "the same command" in said
    assert "ended at once; committed tiles are intact" in said


# As an interrupt amid the making of an event loop leaves it: what is dropped complains, after the last word.
HALF_MADE = """
import sys, warnings
from equisweep.engine.feedback.stop_flag import request_stop
from equisweep.sweeps.commands.ctrl_c import quiet_once_stopped

class HalfMade:
    def __del__(self):
        self.part

quiet_once_stopped()
if sys.argv[1:]:
    request_stop()
HalfMade()
warnings.warn("never awaited", RuntimeWarning)
"""


@pytest.mark.parametrize("stopped", [False, True])
def test_what_a_stop_caught_half_made_says_nothing(stopped):
    command = [sys.executable, "-c", HALF_MADE, *(["stopped"] if stopped else [])]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    assert ("AttributeError" in said) != stopped
    assert ("never awaited" in said) != stopped
