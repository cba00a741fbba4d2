"""Who is served: the page's own browser with the token, and nobody else; how the command ends."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from equisweep.sweeps import SweepError
from equisweep.sweeps.commands.main import main
from equisweep.sweeps.explore import assets
from equisweep.sweeps.explore.explorer import Explorer
from equisweep.sweeps.explore.source import source_of_dataset
from helpers.hard_cube import hard_cube

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def explorer():
    explorer = Explorer([source_of_dataset(hard_cube().assign_attrs(title=SCRIPT))])
    yield explorer
    explorer.stop()


def get(explorer, path="", method="GET", **headers):
    parts = urlsplit(explorer.url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=10)
    sent = {"Host": parts.netloc} | {name.replace("_", "-"): value for name, value in headers.items()}
    whole = path if path.startswith("/") else parts.path + path
    with suppress(BrokenPipeError):
        connection.request(method, whole, headers=sent)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_the_page_and_its_parts_come_with_a_policy_that_lets_nothing_else_in(explorer):
    page, body = get(explorer)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe-eval" not in policy
    sources = re.findall(rb'(?:src|href)="([^"]+)"', body)
    assert len(sources) > 5
    for name in sources:
        if name != b"data:,":
            part, _ = get(explorer, name.decode())
            assert (part.status, part.headers["X-Content-Type-Options"]) == (200, "nosniff")


def test_names_of_a_cube_are_answered_as_data_and_never_as_markup(explorer):
    answer, body = get(explorer, "cube")
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(body)["title"] == SCRIPT
    wrong, body = get(explorer, "view?var=%3Cscript%3E&x=alpha")
    assert (wrong.status, wrong.headers["Content-Type"]) == (400, "application/json")
    assert "no such variable" in json.loads(body)["error"]


@pytest.mark.parametrize(
    "path", ["/", "/cube", "/page.css", "/wrong/", "/wrong/cube", "//", "/%00/", "/../", "/?token=x"]
)
def test_without_the_token_nothing_is_served(explorer, path):
    response, body = get(explorer, path)
    assert response.status == 403
    assert b"token" in body
    token = urlsplit(explorer.url).path.strip("/")
    assert token.encode() not in body
    for near in (token[:-1], token + "x", token.swapcase(), ""):
        assert get(explorer, f"/{near}/cube")[0].status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:{port}"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1.evil.example:{port}"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
    ],
)
def test_another_host_or_another_page_is_refused_even_with_the_token(explorer, headers):
    port = urlsplit(explorer.url).port
    response, _ = get(explorer, "cube", **{name: text.format(port=port) for name, text in headers.items()})
    assert response.status == 403


def test_this_machine_is_served_by_both_of_its_names(explorer):
    port = urlsplit(explorer.url).port
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"LOCALHOST:{port}"):
        assert get(explorer, "cube", Host=host, Origin=f"http://{host}")[0].status == 200


def test_nothing_but_reading_is_served_and_no_other_file(explorer):
    assert get(explorer, method="POST")[0].status == 501
    assert get(explorer, "", method="HEAD")[1] == b""
    for path in ("nothing", "../server.py", "..%2fserver.py", "page.html", "bokeh.js", "picture.exe"):
        assert get(explorer, path)[0].status == 404
    assert get(explorer, "view?" + "&".join("sel=a" for _ in range(400)))[0].status == 400
    assert get(explorer, "view?x=" + "y" * 70_000)[0].status == 414


def test_it_listens_on_this_machine_alone_and_says_when_a_port_is_taken(explorer):
    assert explorer._server.server_address[0] == "127.0.0.1"
    port = urlsplit(explorer.url).port
    with pytest.raises(SweepError, match=f"port {port} cannot be listened at"):
        Explorer([source_of_dataset(hard_cube())], port=port)
    assert explorer.url in repr(explorer)
    assert f'src="{explorer.url}"' in explorer._repr_html_()


def test_without_bokeh_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(assets, "find_spec", lambda _: None)
    with pytest.raises(SweepError, match=r"pip install 'equisweep\[explore\]'"):
        Explorer([source_of_dataset(hard_cube())])


def test_ctrl_c_ends_the_command_in_good_order(small_cube):
    command = [
        sys.executable,
        "-m",
        "equisweep.sweeps.commands.main",
        "explore",
        str(small_cube),
        "--no-browser",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", url)
            os.kill(process.pid, signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.zarr"], "nothing.zarr"),
        (["{cube}", "--sel", "gamma=3"], "no axis 'gamma'"),
        (["{cube}", "--html", "page.txt"], "should end in .html"),
        (["{cube}", "--html", "page.html", "--with", "{cube}"], "--with has no meaning for --html"),
        (["{cube}", "--html", "page.html", "--megabytes", "1"], "--megabytes 1"),
        (["{cube}", "--html", "page.html", "--megabytes", "nan"], "--megabytes nan"),
    ],
)
def test_what_cannot_be_explored_is_said_in_a_line(
    small_cube, arguments, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["explore", *[text.format(cube=small_cube) for text in arguments]]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(SystemExit) as ended:
        main(["explore", "cube.zarr", "--port", port])
    assert ended.value.code == 2
