"""What a cube states of itself in attributes that each run writes, and others may have lost or damaged."""

from ....engine.errors import Call, CubeError
from ....engine.gate.documents import parse_json
from ....engine.store.read import Reader


def stated(reader: Reader, name: str) -> str:
    """An attribute that is a text. Raises CubeError where the cube lacks it."""
    text = reader.cube.attributes.get(name)
    if not isinstance(text, str):
        raise _damaged(reader, name)
    return text


def versions_of(reader: Reader) -> dict[str, str]:
    """The version of each library that a cube was made with, by name. Raises CubeError as `stated` does."""
    try:
        versions = parse_json(stated(reader, "versions"))
    except ValueError:
        versions = None
    if not isinstance(versions, dict):
        raise _damaged(reader, "versions")
    return versions


def _damaged(reader: Reader, name: str) -> CubeError:
    wrong = f"{reader.root}: its attribute {name!r} is missing, or not what a run writes; "
    return CubeError(wrong, Call("verify", reader.root), " names what is damaged")
