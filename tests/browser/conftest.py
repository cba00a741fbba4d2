"""The browser that all checks of one process share."""

import pytest


@pytest.fixture(scope="session")
def opened():
    from helpers.explorer.browser import browser  # the suite reads this file where there is no playwright

    with browser() as one:
        yield one
