"""JSON and TOML of bounded size and depth: beyond it a ValueError, in no time and little memory."""

import json
import tracemalloc

import pytest
from equisweep.engine.gate.documents import parse_json, parse_table, parse_toml


def test_json_that_is_nested_deeply_is_refused():
    for text in ("[" * 10**5, '{"a":' * 10**5, "[" * 70 + "]" * 70, '{"a":' * 70 + "1" + "}" * 70):
        with pytest.raises(ValueError, match="nested more than 64"):
            parse_json(text)


def test_toml_that_would_take_long_is_refused():
    for text in (
        "a = " + "[" * 2000 + "]" * 2000,
        "a = " + "{b = " * 2000 + "1" + "}" * 2000,
        ".".join(["a"] * 10**5) + " = 1",
        '. "a"'.join(["a"] * 10**4) + " = 1",
        "[" + " . ".join(["a"] * 10**5) + "]",
        "[[" + ".".join(["'a'"] * 10**4) + "]]",
        "x = {" + ".".join(["a"] * 10**5) + " = 1}",
        "n = " + "1" * 5000,
        "a = [" + "1," * 1_500_000 + "]",
    ):
        with pytest.raises(ValueError):
            parse_toml(text)


def test_long_numbers_and_texts_are_no_keys():
    assert parse_toml("a = '" + "x." * 10**5 + "'") == {"a": "x." * 10**5}
    assert parse_toml("# " + "x." * 250 + "\na.b.c = 1.5") == {"a": {"b": {"c": 1.5}}}


def test_values_are_counted_before_they_are_made():
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="values; at most 500,000"):
            parse_json("[" + "{}," * 2_000_000 + "{}]")
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def test_what_stands_in_quotes_is_one_value():
    text = json.dumps({"sweep": '[,{"\\' * 500_000, "b": [1, 2]})
    assert parse_json(text) == parse_json(text.encode()) == json.loads(text)


def test_a_table_is_json_or_toml():
    assert parse_table(' {"a": 1}') == parse_table("a = 1") == {"a": 1}
