#!/bin/sh
# Installs the Debian packages of system-packages.txt that are missing, where this user may.
set -eu
missing=
for package in $(grep -v '^#' "$(dirname "$0")/system-packages.txt"); do
	dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
as_root=
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		as_root="sudo -n"
	else
		echo "Tests that need these will be skipped; to run them: sudo apt install$missing"
		exit 0
	fi
fi
echo "Installing for the tests:$missing"
# shellcheck disable=SC2086 # words, on purpose
if ! { $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null; then
	echo "They could not be installed; tests that need them will be skipped."
fi
