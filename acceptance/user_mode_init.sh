#!/bin/sh
# The first process of the guest: memory above the host's read-only root, then the command.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mount -t proc proc /proc
mount -t tmpfs run /run
mkdir -p /run/above /run/work /run/root
mount -t overlay -o lowerdir=/,upperdir=/run/above,workdir=/run/work root /run/root
cd /run/root || exit 1
mount -t proc proc proc
mount -t sysfs sys sys
mount -t devtmpfs dev dev
mkdir -p dev/shm dev/pts
mount -t tmpfs shm dev/shm
mount -t devpts pts dev/pts
mount -t tmpfs run run
mount -t hostfs -o @FOLDER@ folder mnt
chroot . /bin/sh -c '/mnt/command.sh; echo $? > /mnt/exitcode.new; mv /mnt/exitcode.new /mnt/exitcode; dmesg > /mnt/dmesg.log; sync'
busybox poweroff -f
while :; do sleep 1; done
