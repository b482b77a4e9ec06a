#!/usr/bin/env bash
# Install, upgrade and uninstall in a fresh Debian root, with systemd's own checks. Nothing outside it is touched.
#
# Needs root, debootstrap, and the package archives that this computer's apt uses. What a root without a running
# systemd cannot show: the service starting, the hardening at work, the kiosk, the radio.
set -euo pipefail

SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${SENSORHUB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sensorhub}
RELEASE=${DEBIAN_RELEASE:-bookworm}
readonly SOURCE CACHE RELEASE SKIPPED=77
# systemd counts from 0 (locked up) to 10 (open); above this the hardening has been loosened.
readonly MOST_EXPOSED=20

skip() {
	printf 'SKIPPED: %s\n' "$*"
	exit "$SKIPPED"
}
failed() {
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || skip "making a Debian root needs root"
command -v debootstrap >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -q debootstrap >/dev/null ||
	skip "debootstrap is not here and cannot be installed"
# shellcheck disable=SC2016 # $(...) is apt's own notation
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' | awk -v r="$RELEASE" '$2 == r || $2 == "stable" {print $1; exit}')
[ -n "$mirror" ] || skip "apt on this computer knows no archive of Debian $RELEASE"

base="$CACHE/debian-$RELEASE-service"
if [ ! -e "$base.done" ]; then
	rm -rf "$base"
	mkdir -p "$CACHE"
	debootstrap --variant=minbase --include=systemd,systemd-sysv,udev,dbus,ca-certificates "$RELEASE" "$base" "$mirror" >"$base.log" 2>&1 ||
		skip "debootstrap failed, see $base.log"
	: >"$base.done"
fi

work=$(mktemp -d)
root="$work/root"
clean_up() {
	for mount in proc dev; do
		mountpoint -q "$root/$mount" && umount "$root/$mount"
	done
	rm -rf "$work"
}
trap clean_up EXIT
cp -a "$base" "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
for file in /etc/resolv.conf /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
	[ ! -e "$file" ] || install -D -m 0644 "$file" "$root$file"
done
mkdir -p "$root/source"
git -C "$SOURCE" ls-files -coz --exclude-standard | tar -C "$SOURCE" --null -T - -cf - | tar -C "$root/source" -xf -

within() { chroot "$root" /usr/bin/env -u PIP_FIND_LINKS HOME=/root PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
there() { within test -e "$1" || failed "$1 is not there"; }
gone() { ! within test -e "$1" || failed "$1 is still there"; }

echo "== install"
within bash /source/deploy/install.sh
there /opt/sensorhub/current/bin/sensorhub
there /etc/systemd/system/multi-user.target.wants/sensorhub.service
there /etc/udev/rules.d/60-sensorhub.rules
there /etc/sensorhub/environment
[ "$(within stat -c '%U %a' /var/lib/sensorhub)" = "sensorhub 700" ] || failed "the data folder is not the hub's alone"
case " $(within id -Gn sensorhub) " in *" sudo "*) failed "the hub's user may do too much" ;; esac

echo "== systemd's own checks"
within systemd-analyze verify /etc/systemd/system/sensorhub.service
within systemd-analyze security --offline=true --threshold="$MOST_EXPOSED" sensorhub.service | tail -1
within udevadm verify /etc/udev/rules.d/60-sensorhub.rules 2>/dev/null || echo "(this udev cannot verify rules)"

echo "== a session, as the hub's own user"
within setpriv --reuid=sensorhub --regid=sensorhub --init-groups /opt/sensorhub/current/bin/python -c '
import itertools, pathlib
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import SessionInfo
with Store(pathlib.Path("/var/lib/sensorhub/sessions.sqlite"), now_ns=itertools.count(1).__next__) as store:
    store.begin_session(SessionInfo(plan="daily-hip")).close()
'
[ "$(within sensorhub-hub sessions list --json | grep -o daily-hip)" = daily-hip ] || failed "the session is not listed"

echo "== upgrade keeps it, and backs it up first"
within bash /source/deploy/install.sh >/dev/null
[ "$(within sensorhub-hub sessions list --json | grep -o daily-hip)" = daily-hip ] || failed "an upgrade lost the session"
[ "$(find "$root/var/lib/sensorhub/backups" -name '*.backup' | wc -l)" = 1 ] || failed "the upgrade made no backup"
[ "$(find "$root/opt/sensorhub/releases" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ] || failed "not two releases"
[ -z "$(within find /var/lib/sensorhub ! -user sensorhub)" ] || failed "something in the data folder is not the hub's"

echo "== an upgrade that does not start goes back"
# systemd does not run here. In its place: the release that is there can read the store, or cannot; a newer one changes
# the store's form and fails.
old=$(within readlink /opt/sensorhub/current)
mkdir -p "$root/run/systemd/system"
cat >"$root/usr/local/bin/systemctl" <<TEXT
#!/bin/sh
case "\$1" in
restart | start)
	if [ "\$(readlink /opt/sensorhub/current)" != "$old" ]; then
		setpriv --reuid=sensorhub --regid=sensorhub --init-groups python3 -c 'import sqlite3
sqlite3.connect("/var/lib/sensorhub/sessions.sqlite").execute("PRAGMA user_version = 99")'
		exit 1
	fi
	sensorhub-hub sessions list >/dev/null && touch /run/active
	;;
stop) rm -f /run/active ;;
is-active) test -e /run/active ;;
esac
TEXT
chmod +x "$root/usr/local/bin/systemctl"
touch "$root/run/active"
# A name that no backup can carry: the upgrade says so, and what ran runs on.
touch "$root/var/lib/sensorhub/odd name"
! said=$(within bash /source/deploy/install.sh 2>&1) || failed "an upgrade without a backup"
case "$said" in *"nothing was upgraded"*) ;; *) failed "an upgrade without a backup does not say so: $said" ;; esac
there /run/active
[ "$(within readlink /opt/sensorhub/current)" = "$old" ] || failed "an upgrade without a backup switched"
rm "$root/var/lib/sensorhub/odd name"
! said=$(within bash /source/deploy/install.sh 2>&1) || failed "a version that does not start is no success"
case "$said" in *"the old one runs again, its sessions as they were before"*) ;; *) failed "not gone back: $said" ;; esac
there /run/active
[ "$(within readlink /opt/sensorhub/current)" = "$old" ] || failed "the old release is not back"
[ "$(within sensorhub-hub sessions list --json | grep -o daily-hip)" = daily-hip ] || failed "going back lost the session"
[ -z "$(within find /var/lib/sensorhub ! -user sensorhub)" ] || failed "going back left something that is not the hub's"
rm "$root/usr/local/bin/systemctl"
rmdir "$root/run/systemd/system"

echo "== backup and restore"
within sensorhub-hub backup /tmp/kept.zip
within sensorhub-hub restore --yes /tmp/kept.zip
[ "$(within sensorhub-hub sessions list --json | grep -o daily-hip)" = daily-hip ] || failed "a restore lost the session"

echo "== uninstall keeps the data, purge does not"
within bash /source/deploy/uninstall.sh
gone /opt/sensorhub
gone /etc/systemd/system/sensorhub.service
there /var/lib/sensorhub/sessions.sqlite
within bash /source/deploy/uninstall.sh --purge
gone /var/lib/sensorhub
echo "PASSED: install, upgrade, going back, backup, restore, uninstall in Debian $RELEASE"
