"""The README is short, and its examples work and show what they print."""

from helpers.pages import README, check_page


def test_its_examples_work_and_show_what_they_print(tmp_path):
    check_page(README, tmp_path)


def test_it_is_read_in_one_go():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200
