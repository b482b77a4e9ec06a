#!/bin/busybox sh
# The first process of the emulated machine: modules, then memory above the host's read-only root.
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do insmod "$module" || echo "insmod $module failed"; done
mkdir -p /below /above /root
mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=1048576,cache=loose host /below || exec sh
mount -t tmpfs above /above
mkdir -p /above/upper /above/work
mount -t overlay -o lowerdir=/below,upperdir=/above/upper,workdir=/above/work root /root
mount -t 9p -o rw,trans=virtio,version=9p2000.L,msize=262144 folder /root/mnt
mount --move /proc /root/proc
mount --move /sys /root/sys
mount --move /dev /root/dev
mkdir -p /root/dev/shm /root/dev/pts
mount -t tmpfs shm /root/dev/shm
mount -t devpts pts /root/dev/pts
mount -t tmpfs run /root/run
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
chroot /root /bin/sh -c '/mnt/command.sh; echo $? > /mnt/exitcode.new; mv /mnt/exitcode.new /mnt/exitcode; dmesg > /mnt/dmesg.log; sync'
poweroff -f
