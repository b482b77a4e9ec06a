#!/usr/bin/env bash
# Install or upgrade sensorhub as a service on Raspberry Pi OS (64-bit) or Debian 12 and later.
set -euo pipefail

usage() {
	cat <<'TEXT'
Usage: sudo deploy/install.sh [--kiosk] [--no-start]

Installs from the folder that this script stands in, or upgrades what is installed. Sessions, plans
and settings in /var/lib/sensorhub are backed up first and never removed. If the new version does
not start, the old one is put back, and the sessions with it where the new one had changed their
form.

  --kiosk      also show the page on the screen that is plugged into the hub
  --no-start   install, but do not start the service now
TEXT
}

readonly HOME_DIR=/opt/sensorhub
readonly DATA_DIR=/var/lib/sensorhub
readonly KEEP_RELEASES=2
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly SOURCE

# https where the settings name a certificate, else http: what phones are told and the kiosk opens.
scheme_of() {
	if grep -Eqs '^SENSORHUB_TLS_CERT=.' "$1"; then echo https; else echo http; fi
}

say() { printf '== %s\n' "$*"; }
give_up() {
	printf 'install: %s\n' "$*" >&2
	exit 1
}

as_hub() { setpriv --reuid=sensorhub --regid=sensorhub --init-groups "$@"; }

# The form of the stored sessions; closing the store also empties its write-ahead log into it.
store_format() {
	[ -e "$DATA_DIR/sessions.sqlite" ] || return 0
	as_hub python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(db.execute("PRAGMA user_version").fetchone()[0])
db.close()' "$DATA_DIR/sessions.sqlite" 2>/dev/null || echo unreadable
}

switch_to() {
	ln -sfn "$1" "$HOME_DIR/current.new"
	mv -T "$HOME_DIR/current.new" "$HOME_DIR/current"
}

runs() { systemctl is-active --quiet sensorhub.service; }

# To release $1, and to backup $3 where the store no longer has the form $2; ends the install.
go_back() {
	local sessions="as they are"
	# It is tried again and again otherwise, and holds the store.
	systemctl stop sensorhub.service || true
	switch_to "$1"
	if [ -n "$3" ] && [ "$(store_format)" != "$2" ]; then
		# Set aside, never removed: an older program refuses it, also when it should restore.
		local aside="$DATA_DIR/sessions.${3##*/}"
		mv "$DATA_DIR/sessions.sqlite" "$aside"
		if ! as_hub "$1/bin/sensorhub" --data "$DATA_DIR" restore --yes "$3"; then
			mv "$aside" "$DATA_DIR/sessions.sqlite"
			give_up "the new version does not start, and the old one cannot read the store any more: the hub is stopped. The sessions are in $3; see: journalctl -u sensorhub"
		fi
		sessions="as they were before (as the new one left them: $aside)"
	fi
	if systemctl restart sensorhub.service && runs; then
		give_up "the new version does not start, the old one runs again, its sessions $sessions; see: journalctl -u sensorhub"
	fi
	give_up "the new version does not start, and the old one does not start again either; the sessions are $sessions${3:+, a backup is $3}; see: journalctl -u sensorhub"
}

kiosk=no
start=yes
for word in "$@"; do
	case "$word" in
	--kiosk) kiosk=yes ;;
	--no-start) start=no ;;
	-h | --help)
		usage
		exit 0
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
done

[ "$(id -u)" = 0 ] || give_up "run it as root: sudo deploy/install.sh"
[ -r /etc/debian_version ] || give_up "this is not Debian or Raspberry Pi OS; docs/dependencies.md says what is needed"
case "$(dpkg --print-architecture)" in
arm64 | amd64) ;;
*) give_up "a 64-bit system is needed (arm64 or amd64): numpy and scipy have no packages for others" ;;
esac
# In a container or an image under construction systemd is not running: then nothing is started.
[ -d /run/systemd/system ] || start=no

say "Packages"
# g++ and python3-dev: vqf is built here where there is no wheel for this computer.
packages=(python3 python3-venv python3-dev g++ bluez dbus espeak-ng alsa-utils avahi-daemon)
[ "$kiosk" = no ] || packages+=(cage chromium)
missing=()
for package in "${packages[@]}"; do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || give_up "Python 3.11 or later is needed (Debian 12)"

say "Users"
getent passwd sensorhub >/dev/null || useradd --system --home-dir "$DATA_DIR" --shell /usr/sbin/nologin --user-group sensorhub
if [ "$kiosk" = yes ]; then
	getent passwd sensorhub-kiosk >/dev/null ||
		useradd --system --home-dir /var/lib/sensorhub-kiosk --shell /usr/sbin/nologin --user-group sensorhub-kiosk
fi
install -d -m 0700 -o sensorhub -g sensorhub "$DATA_DIR"

say "Program"
before=$(readlink "$HOME_DIR/current" 2>/dev/null || true)
release="$HOME_DIR/releases/$(date -u +%Y%m%dT%H%M%S)"
install -d -m 0755 "$HOME_DIR/releases"
stopped=no
# An install that was cut off leaves nothing behind, and what ran runs on.
undo() {
	[ "$(readlink "$HOME_DIR/current")" = "$release" ] || rm -rf "$release"
	[ "$stopped" = no ] || systemctl start sensorhub.service || true
}
trap undo EXIT
python3 -m venv "$release"
"$release/bin/python" -m pip install --quiet --disable-pip-version-check "$SOURCE"
"$release/bin/sensorhub" --version
"$release/bin/sensorhub" plan show daily-hip >/dev/null

kept=""
format=$(store_format)
if [ -e "$DATA_DIR/sessions.sqlite" ]; then
	say "Backup"
	# Stopped before it: a session that runs is closed, and nothing comes after the backup.
	if [ "$start" = yes ] && runs; then
		stopped=yes
		systemctl stop sensorhub.service
	fi
	install -d -m 0700 -o sensorhub -g sensorhub "$DATA_DIR/backups"
	kept="$DATA_DIR/backups/before-$(basename "$release").backup"
	"$release/bin/sensorhub" --data "$DATA_DIR" backup "$kept" ||
		give_up "the sessions cannot be backed up (the line above says why), so nothing was upgraded"
	chown sensorhub:sensorhub "$kept"
	# The two newest stay: a card is not endless.
	find "$DATA_DIR/backups" -name 'before-*.backup' | sort | head -n -2 | xargs -r -d '\n' rm --
fi

say "Service"
install -m 0644 "$SOURCE/deploy/systemd/sensorhub.service" /etc/systemd/system/
install -d -m 0755 /etc/sensorhub /etc/udev/rules.d /etc/avahi/services
install -m 0644 "$SOURCE/deploy/udev/60-sensorhub.rules" /etc/udev/rules.d/
install -m 0755 "$SOURCE/deploy/sensorhub-hub" /usr/local/bin/sensorhub-hub
# One's own settings are never written over.
[ -e /etc/sensorhub/environment ] || install -m 0644 "$SOURCE/deploy/environment" /etc/sensorhub/environment
scheme=$(scheme_of /etc/sensorhub/environment)
sed "s/_http\._tcp/_$scheme._tcp/" "$SOURCE/deploy/avahi/sensorhub.service" >/etc/avahi/services/sensorhub.service
[ "$kiosk" = no ] || install -m 0644 "$SOURCE/deploy/systemd/sensorhub-kiosk.service" /etc/systemd/system/

switch_to "$release"
systemctl enable --quiet sensorhub.service
[ "$kiosk" = no ] || systemctl enable --quiet sensorhub-kiosk.service

if [ "$start" = yes ]; then
	systemctl daemon-reload
	# No udev (a container) is no reason to fail: then nothing is plugged in either.
	if udevadm control --reload; then udevadm trigger --subsystem-match=tty; fi
	# Type=notify: this returns when the hub says that it is ready, or has failed.
	if ! systemctl restart sensorhub.service; then
		stopped=no
		if [ -n "$before" ] && [ -d "$before" ]; then
			go_back "$before" "$format" "$kept"
		fi
		give_up "the service does not start; see: journalctl -u sensorhub"
	fi
	stopped=no
	[ "$kiosk" = no ] || systemctl restart sensorhub-kiosk.service
fi

find "$HOME_DIR/releases" -mindepth 1 -maxdepth 1 -type d | sort | head -n "-$KEEP_RELEASES" | xargs -r -d '\n' rm -rf --

say "Done"
if [ "$kiosk-$scheme" = yes-https ] && ! grep -Eqs '^SENSORHUB_KIOSK_PAGE=https://' /etc/sensorhub/environment; then
	say "The kiosk still opens the page by http: name it in /etc/sensorhub/environment (SENSORHUB_KIOSK_PAGE)"
fi
cat <<TEXT
The hub is at $scheme://localhost:8765/ on this computer.
  sudo sensorhub-hub doctor      what this computer has and lacks
  sudo sensorhub-hub pair        a PIN for the screen that shows the page
  sudo sensorhub-hub sensors     which sensors are known
  sudo sensorhub-hub logs        what the service says
TEXT
