"""Tables and networks that a sweep names, and what it says of samples and statistics."""

from collections.abc import Callable, Iterator
from pathlib import Path

from .case import Case
from .inputs import file
from .made import Made

_EXTERNAL = 'model = "external"\noutputs = ["investment"]\n'
_GIVEN = _EXTERNAL + '[design]\nsamples = "t.csv"\n[design.parameters]\nalpha = { column = "a" }\n'
_EMPIRICAL = (
    _EXTERNAL + '[design]\nkind = "lhs"\nsamples = 4\n[design.parameters]\n'
    'L = { empirical = "t.csv", column = "a" }\n'
)
_PLAN = ["plan", "s.toml", "--no-trial"]
_TABLES: dict[str, str] = {
    "nothing": "",
    "a row of names alone": "a,b\n",
    "one row": "a\n0.1\n",
    "another column": "b\n0.1\n0.2\n",
    "two columns of one name": "a,a\n0.1,0.2\n0.3,0.4\n",
    "NaN": "a\n0.1\nnan\n",
    "1e400": "a\n0.1\n1e400\n",
    "10^5 digits": "a\n0.1\n" + "1" * 10**5 + "\n0.2\n",
    "hexadecimal": "a\n0.1\n0x10\n",
    "an underscore": "a\n0.1\n1_0\n",
    "a formula": 'a\n0.1\n=HYPERLINK("http://x")\n',
    "escapes in a cell": "a\n0.1\n\x1b[31mred\n",
    "escapes in a name": "\x1b]0;t\x07\u202e,b\n0.1,0.2\n",
    "a name of 3 MB": "a" * 3_000_000 + "\n0.1\n",
    "a cell of 3 MB": "a\n0.1\n" + "x" * 3_000_000,
    "10^6 columns": "a," * 10**6 + "\n0.1\n",
    "10^6 rows": "a\n" + "0.1\n0.2\n" * 500_000 + "x\n",
    "rows of many lengths": "a,b\n0.1,1\n0.2,1,1,1\n",
    "a quote that does not end": 'a\n0.1\n"0.2\n' + "0.3\n" * 10**5,
    "a carriage return in a cell": 'a\n"0.1\r0.2"\n0.3\n',
    "zero bytes": "a\n0.1\n\0\n",
    "UTF-16": "\udcff\udcfea\0\n\0000\0.\0001\0",
    "no UTF-8": "a\n0.1\n\udcfe\udcff\n",
    "bytes of a Parquet file": "PAR1\x15\x04\x15\x00PAR1",
    "a beginning of gzip": "\x1f\udc8b\x08\0\0\0\0\0",
    "10^6 blank lines": "\n" * 10**6,
    "10^6 separators of four kinds": ",;\t|" * 250_000,
}
_NETWORK = 'model = "network"\noutputs = ["investment"]\n[axes]\nnetwork = ["x"]\n[networks]\n'
_GRAPHML = (
    '<?xml version="1.0"?>\n{head}<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{body}</graphml>'
)
_LAUGHS = "<!DOCTYPE lolz [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + k)} '{f'&{chr(97 + k)};' * 10}'>" for k in range(9)
) + "]>"  # fmt: skip
_EDGES = '<graph edgedefault="directed"><edge source="a" target="b"{}>{}</edge></graph>'


def _xml(body: str = _EDGES.format("", ""), head: str = "") -> str:
    return _GRAPHML.format(head=head, body=body)


_NETWORKS: dict[str, tuple[str, str]] = {
    "a billion laughs": ("graphml", _xml(_EDGES.format("", "<data key='weight'>&j;</data>"), _LAUGHS)),
    "an external entity": ("graphml", _xml("&x;", '<!DOCTYPE g [<!ENTITY x SYSTEM "file:///etc/passwd">]>')),
    "an external DTD": ("graphml", _xml(head='<!DOCTYPE g SYSTEM "http://127.0.0.1:1/x.dtd">')),
    "a parameter entity": ("graphml", _xml(head='<!DOCTYPE g [<!ENTITY % x SYSTEM "/dev/zero"> %x;]>')),
    "entities in UTF-16": (
        "graphml", _LAUGHS.encode("utf-16").decode("utf-8", "surrogateescape")),
    "entities in UTF-7": ("graphml", '<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE g+AD4-'),
    "an inclusion": ("graphml", _xml(
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>')),
    "10^5 nested elements": ("graphml", _xml("<graph>" * 10**5)),
    "10^5 nested graphs": ("graphml", _xml('<graph edgedefault="directed">' * 10**5 + "</graph>" * 10**5)),
    "10^5 cities": ("graphml", _xml("<graph edgedefault='directed'>" + "".join(
        f"<node id='{k}'/>" for k in range(50_000)) + "</graph>")),
    "10^5 attributes": ("graphml", _xml("<graph " + " ".join(f"a{k}='1'" for k in range(10**5)) + "/>")),
    "a weight of NaN": ("graphml", _xml(
        '<key id="w" for="edge" attr.name="weight" attr.type="double"/>'
        + _EDGES.format("", '<data key="w">NaN</data>'))),
    "a weight of 10^5 digits": ("graphml", _xml(
        '<key id="w" for="edge" attr.name="weight" attr.type="int"/>'
        + _EDGES.format("", f'<data key="w">{"9" * 10**5}</data>'))),
    "a key of no type": ("graphml", _xml('<key id="w" for="edge" attr.name="weight" attr.type="x"/>'
        + _EDGES.format("", '<data key="w">1</data>'))),
    "a link to nowhere": ("graphml", _xml('<graph><edge source="a" target="\x7f\u202e"/></graph>')),
    "hyperedges": ("graphml", _xml('<graph><hyperedge><endpoint node="a"/></hyperedge></graph>')),
    "no graph": ("graphml", _xml("")),
    "no XML": ("graphml", "\x1b[31m{"),
    "a name of 1 MB": ("graphml", _xml(f'<graph><node id="{"x" * 10**6}"/><node id="b"/></graph>')),
    "10^5 links": ("edges", "".join(f"a{k} b{k}\n" for k in range(10**5))),
    "one link 10^5 times": ("edges", "a b 0.5\n" * 10**5 + "a b 0.6\n"),
    "a line of 3 MB": ("edges", "a " * 1_500_000),
    "a weight with escapes": ("edges", "a b \x1b[31m\n"),
    "a city with escapes": ("edges", "\x1b[31m \x1b[31m 1\n"),
    "a weight of -0.5": ("edges", "a b -0.5\n"),
    "a weight of inf": ("edges", "a b inf\n"),
    "only remarks": ("edges", "# x\n" * 10**5),
    "a matrix of 2,000 columns": ("csv", "\n".join([",".join(["0"] * 2000)] * 1000)),
    "a matrix of names": ("csv", ",a,b\na,x,y\nb,1,2\n"),
    "a matrix with a quote": ("csv", 'a,"b\n' + "1,0\n" * 10**5),
    "a matrix of 10^6 cells in a row": ("csv", "1," * 10**6),
    "another ending": ("\x1b[31mred", "a b"),
    "a pickle": ("gpickle", "cos\nsystem\n(S'true'\ntR."),
}  # fmt: skip
_NAMED = {
    "65 cities": 'cities = 65\nx = { family = "ring" }',
    "10^400 cities": f"cities = 1{'0' * 400}\nx = {{ family = 'ring' }}",
    "cities that are lists": "cities = [[1], [2]]\nx = { family = 'ring' }",
    "10^5 names of cities": "cities = ["
    + ",".join(f"'c{k}'" for k in range(10**5))
    + "]\nx = {family='ring'}",
    "an unknown family": 'cities = 4\nx = { family = "\\u001b[31m" }',
    "a probability of NaN": 'cities = 4\nx = { family = "erdos_renyi", edge_probability = nan }',
    "10^30 links": f'cities = 4\nx = {{ family = "barabasi_albert", links = 1{"0" * 30} }}',
    "-1 neighbours": 'cities = 4\nx = { family = "small_world", neighbours = -1 }',
    "a number": "cities = 4\nx = 5",
    "a file and a family": 'cities = 4\nx = { file = "a.csv", family = "ring" }',
    "a pipe's name": 'x = "/dev/stdin"',
    "a file of storage": 'x = "s3://bucket/x.csv"',
    "a city of 10^5 letters": f"cities = ['a', '{'x' * 10**5}']\nx = {{ family = 'ring' }}",
    "cities with escapes": 'cities = ["a", "\\u001b[31m"]\nx = { family = "ring" }',
    "10^4 networks": "cities = 4\nx = 1\n" + "\n".join(f"x{k} = 1" for k in range(10**4)),
}
_HEAD = _EXTERNAL + '[axes]\nalpha = [0.1, 0.5]\nbeta = [0.1, 0.5]\n[reduce]\nover = ["beta"]\n'
_REDUCED = {
    "10^30 bins": 'investment = ["histogram(0, 1, 1e30)"]',
    "-1 bins": 'investment = ["histogram(0, 1, -1)"]',
    "2.5 bins": 'investment = ["histogram(0, 1, 2.5)"]',
    "bins of no width": 'investment = ["histogram(1, 1, 10)"]',
    "bins narrower than floats": 'investment = ["histogram(1, 1.0000000000000002, 100)"]',
    "bins from -1e308 to 1e308": 'investment = ["histogram(-1e308, 1e308, 10)"]',
    "bins from NaN": 'investment = ["histogram(nan, 1, 10)"]',
    "10^5 brackets": f'investment = ["histogram{"(" * 10**5}"]',
    "10^6 blanks": f'investment = ["{" " * 10**6}mean("]',
    "10^5 probabilities": f'investment = ["quantiles({",".join(["0.5"] * 10**5)})"]',
    "a probability of 2": 'investment = ["quantiles(2)"]',
    "10^5 statistics": "investment = [" + '"mean",' * 10**5 + "]",
    "a statistic with escapes": 'investment = ["\\u001b[31m"]',
    "a table": "investment = { mean = 1 }",
    "an output of 1 MB": f'{"x" * 10**6} = ["mean"]',
    "counts of a number": 'investment = ["counts"]',
    "an unknown status": 'keep = ["\\u202e"]\ninvestment = ["mean"]',
}
_LHS = _EXTERNAL + '[design]\nkind = "lhs"\nsamples = 4\n[design.parameters]\n' + "\n".join(
    f"{name} = {{ uniform = [0.1, 0.9] }}" for name in ("alpha", "beta", "v")
) + "\n"  # fmt: skip
_DEPENDENT = {
    "a correlation of 1": 'rank = [["alpha", "beta", 1]]',
    "a correlation of NaN": 'rank = [["alpha", "beta", nan]]',
    "a correlation of 10^400": f'rank = [["alpha", "beta", 1{"0" * 400}]]',
    "10^5 pairs": "rank = [" + '["alpha", "beta", 0.1],' * 10**5 + "]",
    "correlations that no matrix has":
        'rank = [["alpha", "beta", 0.9], ["beta", "v", 0.9], ["alpha", "v", -0.9]]',
    "an unknown kind": '"\\u001b[31m" = [["alpha", "beta", 0.1]]',
    "a pair of lists": "rank = [[[1], [2], 0.1]]",
    "a pair of itself": 'rank = [["alpha", "alpha", 0.1]]',
    "a text": 'rank = "alpha"',
}  # fmt: skip
_COMPONENTS = {
    "of 10^5 letters": f'"{"x" * 10**5}" = 0.5',
    "with escapes": '"\\u001b[31m" = 0.5',
}
_ABOUT = {
    "a title of 1 MB": f'title = "{"x" * 10**6}"',
    "a date": "title = 1979-05-27T07:32:00Z",
    "a time": "title = 07:32:00",
    "a list": 'creator = ["a"]',
    "an unknown key": '"\\u001b[31m" = "x"',
    "a blank": 'license = " "',
}


def cases(made: Made) -> Iterator[Case]:
    """Each of these, for the command that plans a sweep."""
    for name, text in _TABLES.items():
        yield Case("tables", f"points: {name}", _with(_GIVEN, "t.csv", text), _planned)
        yield Case("tables", f"measured values: {name}", _with(_EMPIRICAL, "t.csv", text), _planned)
    for name, (ending, text) in _NETWORKS.items():
        sweep = f'{_NETWORK}x = {{ file = "n.{ending}" }}\n'.replace("\x1b", "\\u001b")
        yield Case("tables", f"a network: {name}", _with(sweep, f"n.{ending}", text))
    for head, texts, what in (
        (_NETWORK, _NAMED, "networks"),
        (_HEAD, _REDUCED, "reduce"),
        (_LHS + "[design.correlation]\n", _DEPENDENT, "correlation"),
        (_EXTERNAL + "[axes]\nalpha = [0.1]\n[about]\n", _ABOUT, "about"),
        ('model = "internal"\n[axes]\nM = [50]\n[fixed.beta]\n', _COMPONENTS, "components"),
    ):
        for name, text in texts.items():
            yield Case("tables", f"{what}: {name}", file("s.toml", head + text, _PLAN))


def _planned(out: str) -> bool:
    """Some tables are strange and yet hold numbers."""
    return "points     " in out


def _with(sweep: str, name: str, text: str) -> Callable[[Path], list[str]]:
    def prepare(folder: Path) -> list[str]:
        (folder / "s.toml").write_text(sweep)
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        return _PLAN

    return prepare
