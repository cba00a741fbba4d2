"""``{public} equisweep.sweeps``: the docstrings of what a package names in ``__all__``, in its order."""

import importlib
import inspect
import re
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Public(SphinxDirective):
    """Asks autodoc for every name of ``__all__``; of a module among them, for its own public names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """What autodoc makes of them."""
        package = importlib.import_module(self.arguments[0])
        parts = [self._once(package.__name__, name, getattr(package, name)) for name in _names(package)]
        about = inspect.getdoc(package) or ""
        return self.parse_text_to_nodes("\n".join(["```{eval-rst}", about, "", *parts, "```"]))

    def _once(self, package: str, name: str, thing: Any) -> str:
        """An entry; a line where another package on this page offers the same thing."""
        shown = self.env.temp_data.setdefault("public", {})
        if id(thing) in shown:
            return f"``{name}``: as :py:obj:`{shown[id(thing)]}`.\n"
        shown[id(thing)] = f"{package}.{name}"
        return entry(package, name, thing)


def _names(package: ModuleType) -> list[str]:
    return list(getattr(package, "__all__", ()))


def entry(package: str, name: str, thing: Any) -> str:
    """The directive of autodoc for one public name."""
    if isinstance(thing, ModuleType):
        return f"In ``{thing.__name__}``:\n\n.. automodule:: {thing.__name__}\n   :members:\n"
    if inspect.isclass(thing):
        # Attributes of a class stand in its docstring, with units and meaning.
        hidden = ", ".join(_fields(thing))
        return f".. autoclass:: {package}.{name}\n   :members:\n   :exclude-members: {hidden}\n"
    return f".. autofunction:: {package}.{name}\n"


def _fields(thing: type) -> list[str]:
    """Attributes of a dataclass or a named tuple."""
    return list(getattr(thing, "__dataclass_fields__", getattr(thing, "_fields", ()))) or ["__init__"]


def readable_defaults(
    _app: Sphinx,
    _what: str,
    _name: str,
    _thing: Any,
    _options: Any,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """Defaults as Python, where a dataclass prints ``<factory>`` or ``<function name at 0x1234>``."""
    if signature is not None:
        signature = re.sub(r"<function (\w+) at 0x\w+>", r"\1", signature.replace("<factory>", "..."))
    return signature, returns


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("public", Public)
    app.connect("autodoc-process-signature", readable_defaults)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
