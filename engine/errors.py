"""What can go wrong for a user, kept apart from what goes wrong inside."""


class SweepError(ValueError):
    """The input is wrong or cannot be met; the message is one line that says what to do."""


class CubeError(RuntimeError):
    """A cube on disk cannot be created, written, continued or read; committed tiles are intact."""


class SweepInterrupted(KeyboardInterrupt):
    """The user stopped a run; `done` of `total` tiles are committed and the same command goes on."""

    def __init__(self, done: int, total: int) -> None:
        super().__init__(f"{done} of {total} tiles are committed")
        self.done, self.total = done, total
