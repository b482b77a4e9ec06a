"""The page by https, with a certificate of one's own: a real Chromium, real handshakes."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import self_signed
from page_rig import Hub, chromium, pair, screen, serving
from visits import sensorhub


def where(hub: Hub) -> tuple[str, int]:
    host, port = hub.address.removeprefix("https://").rstrip("/").split(":")
    return host, int(port)


def shake_hands(hub: Hub, cert: Path, version: ssl.TLSVersion) -> str | None:
    """A client that speaks this version only, and trusts this certificate only."""
    context = ssl.create_default_context(cafile=str(cert))
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # or an old version would end at the client
    context.minimum_version = context.maximum_version = version
    host, port = where(hub)
    with (
        socket.create_connection((host, port), timeout=5) as line,
        context.wrap_socket(line, server_hostname=host) as safe,
    ):
        return safe.version()


@pytest.mark.slow
def test_the_whole_page_and_the_live_line_by_https(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path, "hub")
    with (
        chromium() as browser,
        serving(tmp_path / "data", f"--tls-cert={cert}", f"--tls-key={key}") as hub,
        screen(browser, ignore_https_errors=True) as shown,
    ):
        assert hub.address.startswith("https://")
        pair(shown, hub)
        [cookie] = shown.page.context.cookies()
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
        # The live line comes by wss, and says that nobody exercises.
        shown.go("do")
        shown.page.wait_for_selector("text=Nobody is exercising")
        assert shown.page.locator("#alarm .alarm").count() == 0
        # A page that came without it, or that somebody on the way wrote, changes nothing.
        address = hub.address.rstrip("/")
        told = {"content-type": "application/json"}
        for origin, status in ((address, 200), (address.replace("https", "http"), 403)):
            answer = shown.page.context.request.post(
                f"{address}/api/code", headers={**told, "origin": origin}, data={"code": ""}
            )
            assert answer.status == status, origin
        assert shake_hands(hub, cert, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
        assert shake_hands(hub, cert, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
        with (
            pytest.warns(DeprecationWarning, match="TLSv1_1"),
            pytest.raises(ssl.SSLError, match=r"EOF|version"),
        ):
            shake_hands(hub, cert, ssl.TLSVersion.TLSv1_1)
        with socket.create_connection(where(hub), timeout=5) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert not plain.recv(100).startswith(b"HTTP"), "answered without https"


Files = Callable[[Path], tuple[object, object]]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (lambda f: (self_signed(f, "a")[0], None), "go together"),
        (lambda f: (None, self_signed(f, "a")[1]), "go together"),
        (lambda f: (f / "none.crt", self_signed(f, "a")[1]), "none.crt cannot be read"),
        (lambda f: (self_signed(f, "a")[0], self_signed(f, "b")[1]), "does not belong"),
        (lambda f: self_signed(f, "a", passphrase=b"secret"), "locked by a pass phrase"),
        (lambda f: self_signed(f, "a")[::-1], "no certificate and key in PEM"),
    ],
    ids=["no-key", "no-certificate", "absent", "anothers", "locked", "swapped"],
)
def test_files_that_cannot_be_used_are_said_before_anything_is_served(
    tmp_path: Path, files: Files, said: str
) -> None:
    cert, key = files(tmp_path)
    given = [f"--tls-cert={cert}"] if cert else []
    given += [f"--tls-key={key}"] if key else []
    program = sensorhub("serve", "--port=0", *given, data=tmp_path / "data")
    try:
        assert program.wait() == 2
        assert said in program.errors
        assert "Traceback" not in program.errors
        assert not (tmp_path / "data").exists(), "nothing was begun"
    finally:
        program.end()
