"""Names of columns in SQL: kept apart where they differ by case alone, in quotes where they are words of it.

DuckDB folds case: of columns e and E it would find e under either name. Here such columns are registered
under names that differ otherwise (``E#2``), every name in a query that is spelt exactly so becomes that one,
and results bear the names that were written. A name that is spelt like neither finds nothing, which DuckDB
says.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...engine.errors import SweepError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# Words that SQL takes for a value even where a column has their name.
_VALUES = {"true": "(1 = 1)", "false": "(1 = 0)", "null": "nullif(1, 1)"}
_EQUAL = frozenset({"=", "==", "<>", "!="})
_DESCRIBE = ("describe", "summarize", "show", "desc")
# Words that are no names without quotes, and so never columns there.
_RESERVED = (
    "select keyword_name from duckdb_keywords() where keyword_category in ('reserved', 'type_function')"
)


# Where a SELECT may begin, and what else is no name although it is spelt like one.
_BEGINNINGS = {("", "select"), ("(", "select"), ("all", "select"), ("union", "select"), ("from", "cube")}


class Names:
    """What the names of columns (or of tables) are called in DuckDB."""

    def __init__(self, names: Iterable[str]) -> None:
        groups: dict[str, list[str]] = {}
        for name in dict.fromkeys(names):
            groups.setdefault(name.casefold(), []).append(name)
        self.inside: dict[str, str] = {}
        for group in groups.values():
            for number, name in enumerate(group, 1):
                self.inside[name] = f"{name}#{number}" if len(group) > 1 else name

    @property
    def renamed(self) -> dict[str, str]:
        """Those that differ from another one by case alone, by the name they have in DuckDB."""
        return {inside: name for name, inside in self.inside.items() if inside != name}

    def restore(self, text: str) -> str:
        """A name in a result as the query wrote it: ``avg(E)`` for ``avg("E#2")``."""
        for inside, name in self.renamed.items():
            text = text.replace(f'"{inside}"', name).replace(inside, name)
        return text


def rewrite(query: str, columns: Names, tables: Names, connection: "duckdb.DuckDBPyConnection") -> str:
    """The query with every name that is kept apart under the name it has in DuckDB.

    A name before a parenthesis is a function's; a reserved word without quotes is none. Raises SweepError for
    a word that SQL takes for a value while the cube has a column of that name.
    """
    tokens = tokenize(query)
    _require_no_value(tokens, columns)
    replace = {name: inside for inside, name in (columns.renamed | tables.renamed).items()}
    only_tables = {name: tables.inside.get(name, name) for name in {*replace} & {*tables.inside}}
    if not replace:
        return query
    reserved = {str(word) for (word,) in connection.execute(_RESERVED).fetchall()}
    parts = []
    for index, (text, space, kind) in enumerate(tokens):
        before = tokens[index - 1][0].lower() if index else ""
        called = index + 1 < len(tokens) and tokens[index + 1][0] == "("
        name = unquoted(text)
        known = only_tables if before in ("from", "join") and name in only_tables else replace
        takes = name in known and kind in ("identifier", "keyword") and not called
        takes = takes and (kind == "identifier" or text.lower() not in reserved)
        parts += ['"' + known[name].replace('"', '""') + '"' if takes else text, space]
    return "".join(parts)


def with_labels_as_stored(query: str, labels: Mapping[str, Collection[str]]) -> str:
    """The query with texts that are labels but for their blanks as these labels, which have underscores.

    `labels` are those of every column. Where the text as it stands is a label of another column, the column
    that it is compared with decides: the one named last before it, or the next one behind ``'text' =``.
    """
    tokens = tokenize(query)
    parts = []
    for index, (text, space, kind) in enumerate(tokens):
        if kind == "string_const" and text[:1] == "'" and " " in text:
            name = text[1:-1].replace("''", "'")
            stored = name.replace(" ", "_")
            own = {column for column, known in labels.items() if name in known}
            other = {column for column, known in labels.items() if stored in known} - own
            if other and (not own or _compared_with(tokens, index, own | other) in other):
                text = "'" + stored.replace("'", "''") + "'"
        parts += [text, space]
    return "".join(parts)


def _compared_with(tokens: Sequence[tuple[str, str, str]], index: int, columns: Collection[str]) -> str:
    """Which of some columns the text at `index` is compared with; empty where none of them is named."""
    named = {name.casefold(): name for name in columns} | {name: name for name in columns}
    names = [unquoted(text) if kind != "string_const" else "" for text, _, kind in tokens]
    names = [named.get(name) or named.get(name.casefold()) or "" for name in names]
    before, behind = names[index - 1 :: -1], names[index + 1 :]
    ahead = index + 1 < len(tokens) and tokens[index + 1][0] in _EQUAL
    return next(filter(None, behind + before if ahead else before + behind), "")


def tokenize(query: str) -> list[tuple[str, str, str]]:
    """Each token of a query, the space after it, and its kind: identifier, keyword, string_const, ..."""
    import duckdb

    code = query.encode()
    starts = [(index, kind.name) for index, kind in duckdb.tokenize(query)]
    ends = [index for index, _ in starts[1:]] + [len(code)]
    texts = [(code[a:b].decode(errors="replace"), kind) for (a, kind), b in zip(starts, ends, strict=True)]
    head = code[: starts[0][0]].decode(errors="replace") if starts else query
    return [("", head, ""), *((t.rstrip(), t[len(t.rstrip()) :], kind) for t, kind in texts)]


def unquoted(token: str) -> str:
    """The name that an identifier means."""
    if len(token) > 1 and token[0] == token[-1] == '"':
        return token[1:-1].replace('""', '"')
    return token


def words(query: str, names: Iterable[str]) -> list[str]:
    """Names that stand in the query without quotes although SQL has a word of the same spelling."""
    tokens = [(text.lower(), kind) for text, _, kind in tokenize(query)] + [("", "")]
    used = {
        word
        for (before, _), (word, kind), (after, _) in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if kind == "keyword"
        and (before, word) not in _BEGINNINGS
        and (word, after) not in (("order", "by"), ("group", "by"))
    }
    return [name for name in names if name.lower() in used]


def restored(reader: "pa.RecordBatchReader", query: str, columns: Names) -> "pa.RecordBatchReader":
    """A result whose columns, and whose rows where it describes columns, bear the names as written."""
    import pyarrow as pa

    if not columns.renamed:
        return reader
    names = [columns.restore(name) for name in reader.schema.names]
    fields = [field.with_name(name) for field, name in zip(reader.schema, names, strict=True)]
    described = query.split(maxsplit=1)[0].lower() in _DESCRIBE

    def plain(batch: "pa.RecordBatch") -> "pa.RecordBatch":
        arrays = list(batch.columns)
        if described and names[0] == "column_name":
            arrays[0] = pa.array([columns.restore(name) for name in arrays[0].to_pylist()], arrays[0].type)
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))

    return pa.RecordBatchReader.from_batches(pa.schema(fields), (plain(batch) for batch in reader))


def _require_no_value(tokens: Sequence[tuple[str, str, str]], columns: Names) -> None:
    """Refuse an unquoted true, false or null, and `by all`, where the cube has a column of that name."""
    own = {name.lower(): name for name in columns.inside}
    for index, (text, _, kind) in enumerate(tokens):
        word, before = text.lower(), tokens[index - 1][0].lower()
        if kind != "keyword" or word not in own:
            continue
        if (word in _VALUES and before not in ("is", "not")) or (word == "all" and before == "by"):
            instead = f", {_VALUES[word]} for what SQL means by it" if word in _VALUES else ""
            raise SweepError(
                f"sql: {text} is a word of SQL and the name of a column: write {_quoted(own[word])} for the "
                f"column{instead}"
            )


def keyword_hint(query: str, names: Iterable[str]) -> str:
    """How to write names that are words of SQL; nothing where the query has none."""
    keywords = words(query, names)
    if not keywords:
        return ""
    written = ", ".join(map(_quoted, keywords))
    is_word = "are words" if len(keywords) > 1 else "is a word"
    return f"; {', '.join(keywords)} {is_word} of SQL, too: as a column write {written}, in double quotes"


def alike_hint(missing: str, columns: Names) -> str:
    """Which names differ from a missing one by case alone, where several do."""
    alike = [name for name in columns.renamed.values() if name.casefold() == missing.casefold()]
    return f"; names that differ by case alone: {' and '.join(map(_quoted, alike))}" if alike else ""


def by_inside(columns: Names, names: Sequence[str]) -> Mapping[str, str]:
    """Names of a table's columns by the lower case of what they are called in DuckDB."""
    return {columns.inside[name].lower(): name for name in names}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
