"""A cube in the browser: what its page asks is answered here, by what draws and selects elsewhere."""
