"""What is printed is plain, whatever it was made of."""

import errno
import gc
import io
import os
import subprocess
import sys
import threading
import warnings
from dataclasses import replace

import pytest
from equisweep.engine.feedback.progress import Progress
from equisweep.sweeps.commands import doctor
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.commands.streams import PlainStream, quiet_libraries


def test_a_stream_takes_no_control_characters_and_keeps_lines():
    inner = io.StringIO()
    stream = PlainStream(inner)
    stream.writelines(["a\x1b[31mb\n", "c\td\n"])
    print("é\r\u202e", file=stream)
    assert inner.getvalue() == "a\\x1b[31mb\nc\td\né\\r\\u202e\n"


def test_what_a_terminal_cannot_write_is_written_with_escapes():
    raw = io.BytesIO()
    inner = io.TextIOWrapper(raw, encoding="ascii")
    PlainStream(inner).write("alpha α\n")
    inner.flush()
    assert raw.getvalue() == b"alpha \\u03b1\n"


def test_what_libraries_complain_of_beside_a_command_is_a_clean_line_and_no_traceback(monkeypatch, capsys):
    for module, name in ((warnings, "showwarning"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back afterwards

    class Fails:
        def __del__(self):
            raise OSError("while it is thrown away")

    def fail():
        raise OSError("in a thread")

    quiet_libraries()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("a glyph \x1b[31m is missing", UserWarning, stacklevel=1)
    Fails()
    gc.collect()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    heard = capsys.readouterr()
    assert (heard.out, heard.err) == ("", "equisweep: UserWarning: a glyph \\x1b[31m is missing\n")


class Full(io.StringIO):
    """As a disk that is full."""

    def write(self, text):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(("stream", "reason"), [(Full(), "No space left"), (None, "Bad file descriptor")])
def test_an_answer_that_cannot_be_written_is_no_fault_of_the_cube(stream, reason, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdout", stream)
    assert main(["models"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"equisweep: standard output cannot be written ({reason}")


@pytest.mark.parametrize("stream", [Full(), None])
def test_complaints_that_nobody_hears_change_nothing(stream, monkeypatch):
    monkeypatch.setattr("sys.stderr", stream)
    assert main(["info", "no such cube"]) == 2
    progress = Progress(10)
    progress.begin()
    progress.add(10)
    progress.close()
    assert progress.done == 10


# Standard input, output and error as a shell leaves them: closed, full, or a pipe whose reader has gone.
LEFT = {
    "EQ --version >&-": (2, "equisweep: standard output cannot be written (Bad file descriptor)\n"),
    "EQ --help >/dev/full": (2, "equisweep: standard output cannot be written (No space left on device)\n"),
    "EQ --version 2>/dev/full": (0, ""),
    "EQ info nothing <&- 2>&- >&-": (2, ""),
    "EQ info nothing 2>/dev/full >/dev/full": (2, ""),
    "(sleep 0.3; EQ --help; exit $?) | true; exit ${PIPESTATUS[0]}": (0, ""),
}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has it")  # noqa: PTH110
@pytest.mark.parametrize("line", LEFT)
def test_streams_that_take_nothing_end_in_a_code_and_no_traceback(line):
    eq = f"{sys.executable} -c 'from equisweep.entry import entry; entry()'"
    done = subprocess.run(["bash", "-c", line.replace("EQ", eq)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == LEFT[line]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("can't start new thread"), "no more threads may be started"),
        (ImportError("libx.so: failed to map segment from shared object"), "there is not enough memory"),
        (MemoryError(), "there is not enough memory"),
        (OSError(errno.EMFILE, "Too many open files"), "the system refuses: Too many open files"),
    ],
)
def test_what_the_system_has_no_more_of_is_said_in_a_line(monkeypatch, capsys, error, said):
    def fail(_options):
        raise error

    monkeypatch.setattr("equisweep.sweeps.commands.doctor.COMMAND", replace(doctor.COMMAND, run=fail))
    assert main(["doctor"]) == 2
    assert said in capsys.readouterr().err
