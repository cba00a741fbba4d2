"""The first signal stops a command in good order, the second ends it whatever it is doing."""

import signal
import sys
import threading
import warnings

import pytest
from equisweep.engine.feedback.stop_flag import forget_stop
from equisweep.sweeps.commands import main as command
from helpers.signalled import waiting


@pytest.fixture(autouse=True)
def unasked():
    """Other tests of this process were not asked to stop."""
    yield
    forget_stop()


# Each says when it is ready for the next signal. `pause` in C does not come back by itself.
WAITS = """
import ctypes, signal, sys
ignored = sys.argv[1:2]
if ignored:
    signal.signal(int(ignored[0]), signal.SIG_IGN)
from equisweep.sweeps.commands.ctrl_c import stop_on_signals
with stop_on_signals():
    try:
        print("ready", flush=True)
        sys.stdin.readline()
        print("went on", flush=True)
    except KeyboardInterrupt:
        print("stopping", flush=True)
        libc = ctypes.CDLL(None)
        while True:
            libc.sleep(600)
"""


# A compiler in another thread, as a batch of points has it, on whose end the main thread waits.
COMPILES = """
import ctypes, signal, threading
from equisweep.engine.feedback.compiling import compiling
from equisweep.sweeps.commands.ctrl_c import stop_on_signals

def compiler():
    with compiling("a large kernel"):
        print("ready", flush=True)
        ctypes.CDLL(None).sleep(600)

with stop_on_signals():
    try:
        threading.Thread(target=compiler).start()
        threading.Event().wait()
    finally:
        threading.Event().wait()
"""


# A library that is being loaded: it may take any exception for its own, or end in C++.
LOADS = """
import signal, sys
from equisweep.sweeps.commands.ctrl_c import stop_on_signals
sys.path.insert(0, sys.argv[1])
with stop_on_signals():
    import slow
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_a_library_is_loaded_ends_the_process_at_once(tmp_path, number):
    (tmp_path / "slow.py").write_text(
        "import time\ntry:\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "except BaseException:\n    time.sleep(60)"
    )
    with waiting(LOADS, tmp_path) as child:
        child.send_signal(number)
        said = child.stderr.read()
    assert said == "equisweep: stopped; the same command starts anew, or goes on where it was\n"
    assert child.returncode == 130


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_a_process_that_hangs_in_compiled_code(first, second):
    with waiting(WAITS) as child:
        child.send_signal(first)
        assert child.stdout.readline() == "stopping\n"
        child.send_signal(second)
        assert "committed tiles are intact" in child.stderr.read()
    assert child.returncode == 130


def test_who_waits_for_points_to_end_is_told_how_not_to():
    with waiting(WAITS) as child:
        child.send_signal(signal.SIGINT)
        assert child.stderr.readline() == "\n"
        assert child.stderr.readline().endswith("Ctrl-C again ends at once\n")
        child.send_signal(signal.SIGINT)
    assert child.returncode == 130


# Points that never end, in a thread of machine code: neither an exception nor a flag reaches it.
ENDLESS = """
import ctypes
from equisweep.engine.grid.threads import Threads
from equisweep.sweeps.commands import main as command
from equisweep.sweeps.commands.command import Command

def work(_options):
    with Threads(2) as threads:
        threads.submit(lambda: print("ready", flush=True))
        threads.submit(ctypes.CDLL(None).sleep, 600).result()

command._asked = lambda _arguments: (Command("work", "works", (), lambda _parser: None, work),)
command.entry(["work"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_ends_a_command_whose_points_never_end(number):
    with waiting(ENDLESS) as child:
        child.send_signal(number)
        said = child.stderr.read()
    assert said == "equisweep: stopped; the same command starts anew, or goes on where it was\n"
    assert child.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_ends_a_compilation(number):
    with waiting(COMPILES) as child:
        child.send_signal(number)
        assert "stopped while compiling" in child.stderr.read()
    assert child.returncode == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_was_ignored_at_the_start_stays_ignored(number):
    with waiting(WAITS, int(number)) as child:
        child.send_signal(number)
        child.send_signal(number)
        child.stdin.write("\n")
        child.stdin.close()
        assert child.stdout.readline() == "went on\n"
    assert child.returncode == 0


def test_handlers_are_given_back():
    from equisweep.sweeps.commands.ctrl_c import stop_on_signals

    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with stop_on_signals():
        pass
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
    assert signal.set_wakeup_fd(-1) == -1


SWALLOWS = """
import signal, sys
from equisweep.sweeps.commands import main
from equisweep.sweeps.commands.command import Command

def work(options):
    class Noisy:
        def __del__(self):  # an exception in here is printed and forgotten
            print("ready", flush=True)
            sys.stdin.readline()
    Noisy()
    print("went on", flush=True)
    if "fails" in sys.argv:
        raise ImportError("half an import")
    return 0

command = Command("work", "works", (), lambda parser: parser.add_argument("how", nargs="?"), work)
main._asked = lambda _arguments: (command,)
sys.exit(main.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("how", ["returns", "fails"])
def test_a_stop_that_a_library_swallowed_is_not_forgotten(how):
    with waiting(SWALLOWS, "work", how) as child:
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "went on\n"
        assert "equisweep: stopped" in child.stderr.read()
    assert child.returncode == 130


LATE = """
import os, signal, sys, time
from equisweep.sweeps.commands.ctrl_c import stop_on_signals
with stop_on_signals():
    try:
        print("ready", flush=True)
        # As where the signal comes between Python's last look and the wait: another thread takes it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        sys.stdin.readline()
        print("went on", flush=True)
    except KeyboardInterrupt:
        print("stopping", flush=True)
"""


def test_a_signal_that_does_not_end_a_wait_is_followed_by_one_that_does():
    with waiting(LATE) as child:
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "stopping\n"
    assert child.returncode == 0


def test_a_signal_while_options_are_read_or_the_command_ends_is_no_traceback(monkeypatch, capfd):
    with monkeypatch.context() as patch:
        patch.setattr(command, "_parser", lambda _commands: signal.raise_signal(signal.SIGINT))
        assert command.main(["info"]) == 130
    assert "the same command" in capfd.readouterr().err
    for ended, code in ((lambda *_, **__: 2, 2), (lambda *_, **__: signal.raise_signal(signal.SIGINT), 130)):
        with monkeypatch.context() as patch:
            for hook in ((sys, "unraisablehook"), (threading, "excepthook"), (warnings, "showwarning")):
                patch.setattr(*hook, getattr(*hook))
            signal.signal(signal.SIGINT, signal.default_int_handler)
            patch.setattr(command, "main", ended)
            with pytest.raises(SystemExit) as end:
                command.entry([])
        assert end.value.code == code
        assert ("the same command" in capfd.readouterr().err) == (code == 130)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(number)  # changes nothing any more
