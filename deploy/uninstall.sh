#!/usr/bin/env bash
# Remove the service and the program. The sessions stay, unless --purge is said.
set -euo pipefail

readonly DATA_DIR=/var/lib/sensorhub

purge=no
case "${1:-}" in
'') ;;
--purge) purge=yes ;;
-h | --help)
	printf 'Usage: sudo deploy/uninstall.sh [--purge]\n\n  --purge   also remove all sessions, plans and settings, for ever\n'
	exit 0
	;;
*)
	printf 'Usage: sudo deploy/uninstall.sh [--purge]\n' >&2
	exit 2
	;;
esac
[ "$(id -u)" = 0 ] || {
	printf 'uninstall: run it as root: sudo deploy/uninstall.sh\n' >&2
	exit 1
}

for unit in sensorhub-kiosk.service sensorhub.service; do
	[ -e "/etc/systemd/system/$unit" ] || continue
	systemctl disable --quiet "$unit" || true
	[ ! -d /run/systemd/system ] || systemctl stop "$unit" || true
	rm -f "/etc/systemd/system/$unit"
done
[ ! -d /run/systemd/system ] || systemctl daemon-reload
rm -f /etc/udev/rules.d/60-sensorhub.rules /etc/avahi/services/sensorhub.service /usr/local/bin/sensorhub-hub
rm -rf /opt/sensorhub

if [ "$purge" = yes ]; then
	rm -rf "$DATA_DIR" /var/lib/sensorhub-kiosk /etc/sensorhub
	for user in sensorhub sensorhub-kiosk; do
		getent passwd "$user" >/dev/null && userdel "$user"
	done
	echo "Removed, with everything that was recorded."
else
	echo "Removed. What was recorded is still in $DATA_DIR (--purge removes it as well)."
fi
