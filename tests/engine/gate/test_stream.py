"""What is printed is plain, whatever it was made of."""

import io

from equisweep.engine.gate.stream import PlainStream


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
