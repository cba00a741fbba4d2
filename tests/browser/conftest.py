"""The browser that all checks of one process share."""

import pytest
from helpers.explorer.browser import browser


@pytest.fixture(scope="session")
def opened():
    with browser() as one:
        yield one
