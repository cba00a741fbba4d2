"""A cube's page while it is served: where it stands, and how it ends."""

import html
from collections.abc import Sequence

from ...engine.errors import SweepError
from .answers import Answers
from .server import Server
from .source import Source


class Explorer:
    """A page that shows a cube, served on this machine alone until `stop`, or the end of the process.

    A notebook shows it below the cell; elsewhere `url` opens it in a browser.
    """

    def __init__(
        self, sources: Sequence[Source], model: str | None = None, port: int = 0, framed: bool = True,
        height: int = 820,
    ) -> None:  # fmt: skip
        self._answers, self._height = Answers(sources, model), height
        try:
            self._server = Server(self._answers, port, framed)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise SweepError(
                f"port {port} cannot be listened at ({reason}); another one may be free"
            ) from None
        self._server.in_background()

    @property
    def url(self) -> str:
        """The address of the page, with the token without which nobody is served."""
        return self._server.url

    def stop(self) -> None:
        """Serve the page no more."""
        self._server.stop()

    def __repr__(self) -> str:
        return f"Explorer at {self.url}"

    def _repr_html_(self) -> str:
        url = html.escape(self.url, quote=True)
        return (
            f'<iframe src="{url}" width="100%" height="{self._height}" style="border:0" '
            f'referrerpolicy="no-referrer"></iframe>'
        )
