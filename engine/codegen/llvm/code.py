"""Lines of LLVM code of one function."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .types import Vectors


class Code:
    """Lines, in order, on vectors of `width` numbers. Values are named ``%v<number>``.

    `declared` are the functions of other libraries that the lines call, `defined` those that stand beside
    it, whole, by their names.
    """

    def __init__(self, width: int) -> None:
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.defined: dict[str, str] = {}
        self.width, self.vectors = width, Vectors(width)
        self._count = 0

    def emit(self, text: str) -> str:
        """Add a line that yields a value; returns the value's name."""
        self._count += 1
        return self.emit_as(f"%v{self._count}", text)

    def emit_as(self, name: str, text: str) -> str:
        """Add a line that yields a value of this name."""
        self.lines.append(f"  {name} = {text}")
        return name

    def add(self, text: str) -> None:
        """Add a line that yields nothing."""
        self.lines.append(f"  {text}")

    def label(self, word: str) -> str:
        """A name of a block that no other has."""
        self._count += 1
        return f"b{self._count}.{word}"

    def block(self, label: str) -> None:
        """Begin a block; the one before must have ended with a jump."""
        self.lines.append(f"{label}:")

    def jump(self, label: str) -> None:
        """End a block: go on there."""
        self.add(f"br label %{label}")

    def branch(self, condition: str, yes: str, no: str) -> None:
        """End a block: go on in one of two others."""
        self.add(f"br i1 {condition}, label %{yes}, label %{no}")

    def element(self, type_: str, pointer: str, index: int | str) -> str:
        """A pointer to one of the numbers that lie side by side from `pointer` on."""
        return self.emit(f"getelementptr {type_}, ptr {pointer}, i64 {index}")

    @contextmanager
    def loop(self, end: str, step: int) -> Iterator[str]:
        """Around lines for every `step`-th number from 0 up to `end`, which is above 0; yields its name."""
        label = self.label("loop")
        number, later = f"%{label}.i", f"%{label}.later"
        self.jump(f"{label}.in")
        self.block(f"{label}.in")
        self.jump(label)
        self.block(label)
        self.emit_as(number, f"phi i64 [ 0, %{label}.in ], [ {later}, %{label}.next ]")
        yield number
        self.jump(f"{label}.next")
        self.block(f"{label}.next")
        self.emit_as(later, f"add i64 {number}, {step}")
        self.branch(self.emit(f"icmp slt i64 {later}, {end}"), label, f"{label}.out")
        self.block(f"{label}.out")

    @contextmanager
    def where(self, condition: str) -> Iterator[None]:
        """Around lines for where a condition holds."""
        yes, after = self.label("yes"), self.label("after")
        self.branch(condition, yes, after)
        self.block(yes)
        yield
        self.jump(after)
        self.block(after)

    def call(self, name: str, result: str, args: Sequence[str], types: Sequence[str], flags: str = "") -> str:
        """The result of a function, by its name and LLVM's types; `flags` are what LLVM may assume."""
        return self.emit(self._call(name, result, args, types, flags))

    def call_void(self, name: str, args: Sequence[str], types: Sequence[str]) -> None:
        """Call a function that returns nothing."""
        self.add(self._call(name, "void", args, types))

    def _call(
        self, name: str, result: str, args: Sequence[str], types: Sequence[str], flags: str = ""
    ) -> str:
        self.declared.add(f"declare {result} @{name}({', '.join(types)})")
        given = ", ".join(f"{t.removesuffix(' immarg')} {a}" for t, a in zip(types, args, strict=True))
        return f"call {flags}{result} @{name}({given})"

    def function(self, head: str) -> str:
        """The whole module: this code as the body of the function that `head` defines."""
        return "\n".join([*sorted(self.declared), *self.defined.values(), self.body(head), ""])

    def body(self, head: str) -> str:
        """The function that `head` defines, alone."""
        # Else LLVM would cut the vectors of some processors in two.
        attribute = '"min-legal-vector-width"="512"'
        return "\n".join([f"{head} {attribute} {{", *self.lines, "}"])
