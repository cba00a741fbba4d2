"""An operation on vectors of a dtype as an instruction or function of LLVM."""

from collections.abc import Callable, Sequence

from ..ir import Scalar
from .code import Code
from .types import register_type

# instruction(code, scalar, names of its arguments) -> name of the result
Instruction = Callable[[Code, Scalar, Sequence[str]], str]


def plain(word: str) -> Instruction:
    """An instruction of LLVM, whose result has the dtype of its arguments."""

    def instruction(code: Code, s: Scalar, args: Sequence[str]) -> str:
        return code.emit(f"{word} {code.vectors.registers(s.args[0].dtype)} {', '.join(args)}")

    return instruction


def intrinsic(word: str) -> Instruction:
    """A function of LLVM, of vectors."""

    def instruction(code: Code, s: Scalar, args: Sequence[str]) -> str:
        dtype = s.args[0].dtype
        name = f"llvm.{word}.v{code.width}{dtype if dtype[0] == 'f' else register_type(dtype)}"
        v = code.vectors.registers(dtype)
        return code.call(name, v, args, [v] * len(args))

    return instruction
