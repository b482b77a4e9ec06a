"""The checklist's smaller rows, and that the checklist names real tests."""

import ast
import re
from pathlib import Path

from web_rig import STATIC, Rig

from sensorhub.web.app import ENDPOINTS
from sensorhub.web.roles import Role

ROOT = Path(__file__).parents[3]
WEB = sorted((ROOT / "sensorhub" / "web").rglob("*.py"))


def imported() -> set[str]:
    """Every module that the page's code imports."""
    found = set()
    for path in WEB:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found


def test_every_row_of_the_checklist_names_a_test_that_exists() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", text, flags=re.MULTILINE)
    rows = [row for row in rows if row[0] not in ("requirement", "---")]
    assert len(rows) > 45
    for requirement, how, test in rows:
        if test == "-":
            assert "**not met" in how or "not used" in how or "nothing is" in how, requirement
            continue
        match = re.fullmatch(r"`(tests/\S+\.py)::(test_\w+)`", test)
        assert match, test
        assert f"def {match[2]}(" in (ROOT / match[1]).read_text(), test


def test_the_page_starts_no_program() -> None:
    assert not imported() & {"subprocess", "multiprocessing", "pty", "shlex"}


def test_the_page_reads_no_xml_and_unpickles_nothing() -> None:
    assert not imported() & {"xml", "pickle", "marshal", "shelve", "yaml"}


def test_nothing_is_changed_by_get(hub: Rig) -> None:
    client = hub.client(Role.ADMIN)
    before = {p: p.read_bytes() for p in hub.folder.rglob("*.json")}
    people = hub.page.store.people()
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            client.get(endpoint.path.format(name="x", number="1"))
    assert {p: p.read_bytes() for p in hub.folder.rglob("*.json")} == before
    assert hub.page.store.people() == people
    assert hub.hub.started == []


def test_every_file_says_what_it_is(hub: Rig) -> None:
    client = hub.client()
    for name, file in STATIC.items():
        answer = client.get(f"/static/{name}")
        assert answer.headers["content-type"] == file.media_type, name
        if file.media_type.startswith("text/"):
            assert "charset=utf-8" in file.media_type


def test_a_new_hub_knows_nobody(hub: Rig) -> None:
    assert hub.page.access.grants == ()
    assert not hub.page.pairing.open
    assert hub.client().get("/api/me").json() == {"paired": False}


def test_pairing_again_ends_the_token_before(hub: Rig) -> None:
    client = hub.client(Role.THERAPIST)
    before = client.cookies["sensorhub"]
    pin = hub.page.pairing.invite(Role.ADMIN, hub.person())
    assert client.post("/api/pair", json={"pin": pin}).status_code == 200
    assert hub.page.access.find(before) is None


def test_no_query_is_ever_read() -> None:
    for path in WEB:
        assert "query_params" not in path.read_text(), path
    for name, file in STATIC.items():
        if name.startswith("js/"):
            assert "location.search" not in file.body.decode(), name


def test_the_browser_keeps_nothing_of_a_person() -> None:
    users = [n for n, f in STATIC.items() if n.startswith("js/") and b"localStorage" in f.body]
    assert users == ["js/settings.js"]
    kept = re.search(r"DEFAULTS = \{([^}]*)\}", STATIC["js/settings.js"].body.decode())
    assert kept is not None
    assert re.findall(r"(\w+):", kept[1]) == ["language", "theme", "sound", "volume"]
    assert not any(b"indexedDB" in f.body for n, f in STATIC.items() if n.startswith("js/"))
