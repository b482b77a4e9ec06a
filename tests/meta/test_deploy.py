"""The service's files agree with each other and with the program; systemd itself checks them."""

import itertools
import re
import shutil
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sensorhub.sessions.backup.write import write_backup
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.schema import MIGRATIONS
from sensorhub.sessions.store.store import STORE_NAME, Store
from sensorhub.sessions.store.values import SessionInfo

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SCRIPTS = [*sorted(DEPLOY.glob("*.sh")), DEPLOY / "sensorhub-hub"]


def settings(unit: Path) -> dict[str, list[str]]:
    """Every ``Key=value`` of a unit, in order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if match := re.fullmatch(r"(\w+)=(.*)", line):
            found.setdefault(match[1], []).append(match[2])
    return found


HUB = settings(DEPLOY / "systemd" / "sensorhub.service")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_shell_and_can_be_run(script: Path) -> None:
    assert script.stat().st_mode & 0o100
    shell = script.read_text().splitlines()[0].rsplit("/", 1)[-1].rsplit(" ", 1)[-1]
    subprocess.run([shell, "-n", str(script)], check=True)


@pytest.mark.parametrize("script", ["install.sh", "uninstall.sh"])
def test_scripts_explain_themselves_and_refuse_what_they_do_not_know(script: str) -> None:
    help_text = subprocess.run([DEPLOY / script, "--help"], check=True, capture_output=True)
    assert b"Usage: sudo deploy/" in help_text.stdout
    wrong = subprocess.run([DEPLOY / script, "--nonsense"], check=False, capture_output=True)
    assert wrong.returncode == 2
    assert b"Usage" in wrong.stderr


def copy_for_systemd(unit: Path, to: Path) -> Path:
    """The unit with a program that is there on every machine: its own is not installed here."""
    text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text())
    (to / unit.name).write_text(text)
    return to / unit.name


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_no_fault(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    for each in UNITS:
        copy_for_systemd(each, tmp_path)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_hub_is_locked_up(tmp_path: Path) -> None:
    """systemd's own score, 0 to 100: above 20 the hardening has been loosened."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    unit = copy_for_systemd(DEPLOY / "systemd" / "sensorhub.service", tmp_path)
    subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(unit)],
        check=True,
        capture_output=True,
    )


def test_the_hub_runs_as_nobody_else_and_reaches_no_cloud() -> None:
    assert HUB["User"] == ["sensorhub"]
    assert HUB["CapabilityBoundingSet"] == [""]
    assert HUB["IPAddressDeny"] == ["any"]
    assert "AF_BLUETOOTH" not in HUB["RestrictAddressFamilies"][0], "BlueZ is reached over D-Bus"
    # User namespaces break D-Bus authentication.
    assert "PrivateUsers" not in HUB
    assert "DynamicUser" not in HUB


def test_the_watchdog_has_time_for_two_feeds_and_a_slow_card() -> None:
    assert HUB["Type"] == ["notify"]
    assert 20 <= int(HUB["WatchdogSec"][0]) <= 60


def test_a_session_has_time_to_be_closed() -> None:
    assert int(HUB["TimeoutStopSec"][0]) >= 60


def test_the_data_folder_is_the_same_everywhere() -> None:
    folder = f"/var/lib/{HUB['StateDirectory'][0]}"
    assert f"SENSORHUB_DATA={folder}" in HUB["Environment"][0]
    for script in ("install.sh", "uninstall.sh"):
        assert f"DATA_DIR={folder}\n" in (DEPLOY / script).read_text()
    assert f"SENSORHUB_DATA={folder}\n" in (DEPLOY / "sensorhub-hub").read_text()


MODULES = {"char-ttyACM": "cdc_acm", "char-ttyUSB": "usbserial", "char-alsa": "snd"}
"""The kernel module that registers each group of devices."""


def test_a_device_that_is_plugged_in_later_is_not_refused() -> None:
    """systemd.resource-control(5): a group is allowed only if it is known when the unit starts."""
    for allowed in HUB["DeviceAllow"]:
        loads = f"modprobe@{MODULES[allowed.split()[0]]}.service"
        for key in ("After", "Wants"):
            assert loads in " ".join(HUB[key]).split(), (key, allowed)


def test_a_hub_that_is_stopped_and_started_has_its_screen_back() -> None:
    kiosk = settings(DEPLOY / "systemd" / "sensorhub-kiosk.service")
    assert kiosk["Wants"] == ["sensorhub.service"]
    # These stop the kiosk with the hub, and nothing starts it again.
    assert not {"Requires", "BindsTo", "PartOf"} & kiosk.keys()


SYSTEMCTL = """
systemctl() {{
	case "$1" in
	restart) "$HOME_DIR/current/bin/sensorhub" --data "$DATA_DIR" sessions >/dev/null && {runs} ;;
	is-active) {runs} ;;
	esac
}}
as_hub() {{ "$@"; }}
"""
"""In place of systemd: the hub starts where its program can read the store."""


@pytest.mark.parametrize(
    ("new_format", "runs", "told"),
    [
        (len(MIGRATIONS), "true", "the old one runs again, its sessions as they are"),
        (len(MIGRATIONS) + 1, "true", "the old one runs again, its sessions as they were before"),
        (len(MIGRATIONS) + 1, "false", "the old one does not start again either"),
    ],
    ids=["same form", "migrated", "broken computer"],
)
def test_an_upgrade_that_fails_goes_back_to_what_the_old_version_reads(
    tmp_path: Path, new_format: int, runs: str, told: str
) -> None:
    home, data = tmp_path / "home", tmp_path / "data"
    (home / "old" / "bin").mkdir(parents=True)
    (home / "old" / "bin" / "sensorhub").symlink_to(Path(sys.executable).with_name("sensorhub"))
    with Store(data / STORE_NAME, now_ns=itertools.count(1).__next__) as store:
        store.begin_session(SessionInfo(plan="daily-hip")).close()
    kept = data / "before-new.backup"
    write_backup(data, kept)
    # The new version brings the store to its own form and then fails.
    with sqlite3.connect(data / STORE_NAME) as new:
        new.execute(f"PRAGMA user_version = {new_format}")
    new.close()
    script = (DEPLOY / "install.sh").read_text()
    functions = re.findall(r"(?ms)^\w+\(\) \{.*?^\}|^\w+\(\) \{[^\n]*\}$", script)
    commands = "\n".join(
        [
            f"HOME_DIR={home}",
            f"DATA_DIR={data}",
            *(function for function in functions if not function.startswith("undo")),
            SYSTEMCTL.format(runs=runs),
            f'go_back "{home}/old" {len(MIGRATIONS)} "{kept}"',
        ]
    )
    done = subprocess.run(["bash", "-euc", commands], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert told in done.stderr, done.stderr
    assert (home / "current").readlink() == home / "old"
    (session,) = StoreReader(data / STORE_NAME).sessions()
    assert session.info.plan == "daily-hip"
    aside = list(data.glob("sessions.*.backup"))
    assert len(aside) == (new_format > len(MIGRATIONS)), "what the new one left is not removed"


def test_the_hub_is_announced_where_it_listens() -> None:
    service = ET.parse(DEPLOY / "avahi" / "sensorhub.service").getroot().find("service")
    assert service is not None
    port = service.findtext("port")
    kiosk = settings(DEPLOY / "systemd" / "sensorhub-kiosk.service")
    assert kiosk["ExecStart"][0].endswith(" ${SENSORHUB_KIOSK_PAGE}")
    assert kiosk["Environment"][0] == f"SENSORHUB_KIOSK_PAGE=http://localhost:{port}/"
    assert f"$scheme://localhost:{port}/" in (DEPLOY / "install.sh").read_text()


def test_where_a_certificate_is_named_phones_are_told_https(tmp_path: Path) -> None:
    script = (DEPLOY / "install.sh").read_text()
    function = re.search(r"(?ms)^scheme_of\(\) \{.*?^\}", script)
    announced = re.search(r"(?m)^sed .*avahi.*$", script)
    assert function is not None
    assert announced is not None
    shipped, named = (DEPLOY / "environment").read_text(), tmp_path / "named"
    named.write_text(re.sub(r"(?m)^#(SENSORHUB_TLS_)", r"\1", shipped))
    plain, missing = DEPLOY / "environment", tmp_path / "missing"
    for settings_file, scheme in (plain, "http"), (named, "https"), (missing, "http"):
        write = announced[0].replace("/etc/avahi/services", str(tmp_path))
        commands = (
            f'SOURCE={DEPLOY.parent}\n{function[0]}\nscheme=$(scheme_of "{settings_file}")\n{write}'
        )
        subprocess.run(["bash", "-euc", commands], check=True)
        service = ET.parse(tmp_path / "sensorhub.service").getroot().find("service")
        assert service is not None
        assert service.findtext("type") == f"_{scheme}._tcp"


def test_the_kiosk_knows_no_setting_that_the_file_does_not_explain() -> None:
    kiosk = settings(DEPLOY / "systemd" / "sensorhub-kiosk.service")
    assert kiosk["EnvironmentFile"] == ["-/etc/sensorhub/environment"]
    assert "#SENSORHUB_KIOSK_PAGE=https://" in (DEPLOY / "environment").read_text()


def test_modem_manager_leaves_sensors_alone() -> None:
    rules = (DEPLOY / "udev" / "60-sensorhub.rules").read_text()
    assert 'ENV{ID_MM_DEVICE_IGNORE}="1"' in rules
    labels, jumps = (set(re.findall(rf'{key}="(\w+)"', rules)) for key in ("LABEL", "GOTO"))
    assert labels == jumps
