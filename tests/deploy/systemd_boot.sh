#!/bin/bash
# systemd_boot.sh FOLDER: starts systemd as process 1 of namespaces of its own, on a throw-away copy of this machine's
# files, without the network and without the machine's own services, and runs FOLDER/trial.sh there. FOLDER/files is
# laid over the root directory. What the trial prints is in FOLDER/output; ends with its exit code. Needs root.
set -euo pipefail
PATH=/usr/sbin:/usr/bin:/sbin:/bin

if [[ ${2-} != inside ]]; then
  # A cgroup of its own, so that the systemd inside is master of nothing else.
  hierarchy=$(findmnt --types cgroup2 --noheadings --output TARGET --first-only)
  group=$(mktemp -d "$hierarchy/systemd-boot.XXXXXXXX")
  trap 'rmdir "$group"' EXIT
  code=0
  (
    echo $BASHPID >"$group/cgroup.procs"
    exec unshare --mount --pid --fork --kill-child --cgroup --uts --ipc --net "$BASH" "$0" "$1" inside
  ) || code=$?
  # The kernel takes a moment to bury what was in the group.
  for _ in {1..100}; do
    grep -q '^populated 0' "$group/cgroup.events" && break
    sleep 0.1
  done
  find "$group" -mindepth 1 -depth -type d -exec rmdir {} +
  exit $code
fi

folder=$1
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/{upper,work,root}
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
cd /mnt/root

mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys # systemd would raise limits of the kernel, which is this machine's too
mount -t sysfs -o ro sysfs sys
mount --rbind /dev dev
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t cgroup2 cgroup2 sys/fs/cgroup
: >"$folder/output"
touch run/output
mount --bind "$folder/output" run/output

# Nothing of what this machine would start.
rm -rf {etc,lib,usr/lib}/systemd/system/*.{wants,requires} var/lib/coder-platformx var/lib/private
cp -r "$folder/files/." .
cp "$folder/trial.sh" run/trial.sh
cat >etc/systemd/system/trial.target <<'UNIT'
[Unit]
DefaultDependencies=no
Requires=trial.service systemd-journald.service
UNIT
cat >etc/systemd/system/trial.service <<'UNIT'
[Unit]
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/bash -eu /run/trial.sh
StandardOutput=append:/run/output
StandardError=append:/run/output
UNIT

mkdir run/old
pivot_root . run/old
umount --lazy run/old
mount --make-rshared / # systemd hands mounts, credentials among them, to its services that way
exec env -i container=trial PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=trial.target --show-status=no --log-level=warning
