#!/usr/bin/env bash
# systemd.sh: a real systemd, in namespaces of its own on this machine, with the units of this tree. Tries that two instances
# have two users, that sockets for mail start a server, that documents become PDFs by the converter's units, and that jobs
# reach nothing and end with all that they started. Needs root and Debian's systemd; changes nothing of the machine. Not
# part of `make test`, because few places that run tests may make control groups. TRESOR_BIN names another program than the
# debug build.
set -euo pipefail
tree=$(cd "$(dirname "$0")/.." && pwd)
program=${TRESOR_BIN:-$tree/target/debug/tresor}

# What process 1 of the namespaces becomes: a copy of this machine's file system in memory, with no service but systemd's own.
if [ "${1:-}" = inside ]; then
    mount --make-rprivate /
    mount -t tmpfs -o size=2g tmpfs "$2"
    mkdir "$2"/{upper,work,root}
    mount -t overlay -o "lowerdir=/,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
    cd "$2/root"
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    for place in run dev; do mount -t tmpfs -o mode=755 tmpfs $place; done
    mount -t tmpfs -o mode=1777 tmpfs tmp
    mkdir dev/{shm,pts,mqueue}
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    for device in null zero full random urandom tty; do
        touch dev/$device
        mount --bind /dev/$device dev/$device
    done
    rm -rf etc/systemd/system/*
    : > etc/fstab
    for unit in $(cd /lib/systemd/system && ls | grep -E '^(systemd-(resolved|networkd|timesyncd|udev.*|logind|binfmt|sysctl|remount-fs)|dbus|clamav.*|postfix.*|nginx|cron|ssh|.*getty.*|dev-.*|sys-.*|proc-.*)\.(service|mount|automount|socket)$'); do
        ln -s /dev/null "etc/systemd/system/$unit"
    done
    ln -s /lib/systemd/system/multi-user.target etc/systemd/system/default.target
    cp "$3" usr/bin/tresor
    cp "$4"/systemd/*.service "$4"/systemd/*.socket etc/systemd/system/
    mkdir etc/systemd/system/tresor@.service.d
    cp "$4"/systemd/examples/mail.conf etc/systemd/system/tresor@.service.d/
    mkdir oldroot
    # Not chroot, in which no user namespaces may be made.
    pivot_root . oldroot
    cd /
    umount -l /oldroot
    mount --make-rshared /
    exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
fi

[ "$(id -u)" = 0 ] || { echo "systemd.sh: run it as root" >&2; exit 1; }
[ -x /lib/systemd/systemd ] || { echo "systemd.sh: systemd is missing (Debian package systemd)" >&2; exit 1; }
for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ ! -e $hierarchy/cgroup.procs ] || break
done
group=$hierarchy/tresor-test-$$
work=$(mktemp -d)
mkdir "$group"
(
    echo "$BASHPID" > "$group/cgroup.procs"
    exec unshare --mount --pid --cgroup --ipc --uts --net --fork --kill-child -- "$0" inside "$work" "$program" "$tree"
) > "$work.log" 2>&1 &
outside=$!
end() {
    kill -9 $outside 2> /dev/null || true
    wait $outside 2> /dev/null || true
    for _ in $(seq 50); do
        find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || true
        [ -e "$group" ] || break
        sleep 0.1
    done
    rm -rf "$work" "$work.log"
}
trap end EXIT

inside() {
    nsenter -t "$systemd" -a -r -w env -i HOME=/root TERM=dumb PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
for _ in $(seq 300); do
    systemd=$(pgrep -P $outside || true)
    if [ -n "$systemd" ] && [ "$(inside systemctl is-system-running 2> /dev/null)" = running ]; then break; fi
    sleep 0.1
done
inside systemctl is-system-running > /dev/null || { cat "$work.log"; inside systemctl --failed --no-pager; exit 1; }
inside systemctl --version | head -n 1

fail() {
    echo "systemd.sh: $*" >&2
    inside journalctl --no-pager -o cat -n 30 >&2
    exit 1
}

# Two instances that wait for their passphrases.
inside bash -euc '
    install -d /var/lib/tresor /etc/tresor
    cd /root
    printf "Ziegel-Otter-Kuppel-0815-Fagott" > password
    chmod 600 password
    port=8443
    for office in one two; do
        tresor init --data /var/lib/tresor/$office --recovery-out $office.txt --admin anna \
            --admin-password-file password --passphrase-file password > /dev/null
        printf "[intake]\nclamd = \"off\"\nlmtp = \"/run/tresor/$office/lmtp\"\n" > /etc/tresor/$office.toml
        echo "TRESOR_OPTIONS=--config /etc/tresor/$office.toml --listen 127.0.0.1:$((port++))" > /etc/tresor/$office.env
        systemctl start tresor@$office
    done' || fail "an instance does not start"
users=$(inside stat -c %U /var/lib/private/tresor/one /var/lib/private/tresor/two | sort -u | tr '\n' ' ')
[ "$users" = "tresor-one tresor-two " ] || fail "the instances belong to: $users"
echo "ok   two instances have two users"
inside setpriv --reuid=nobody --clear-groups python3 - << 'PYTHON' || fail "mail does not reach both instances"
import socket
for office in "one", "two":
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"/run/tresor/{office}/lmtp")
    assert connection.recv(100).startswith(b"220 "), office
PYTHON
echo "ok   mail reaches both"

# A third one, whose sockets for mail systemd has. Nothing but a connection starts it.
inside bash -euc '
    cd /root
    tresor init --data /var/lib/tresor/three --recovery-out three.txt --admin anna \
        --admin-password-file password --passphrase-file password > /dev/null
    at=/run/tresor-mail/three
    printf "[intake]\nclamd = \"off\"\nlmtp = \"$at/lmtp\"\nmail_policy = \"$at/policy\"\n" > /etc/tresor/three.toml
    echo "TRESOR_OPTIONS=--config /etc/tresor/three.toml --listen 127.0.0.1:8445" > /etc/tresor/three.env
    systemctl start tresor-lmtp@three.socket tresor-mail-policy@three.socket
    ! systemctl -q is-active tresor@three' || fail "the sockets for mail do not start"
for state in started restarted; do
    [ $state = started ] || inside systemctl stop tresor@three 2> /dev/null
    inside setpriv --reuid=nobody --clear-groups python3 - << 'PYTHON' || fail "the sockets for mail do not answer"
import socket
for name, said, expected in ("lmtp", b"", b"220 "), ("policy", b"protocol_state=RCPT\nrecipient=a@b\n\n", b"action="):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"/run/tresor-mail/three/{name}")
    connection.sendall(said)
    assert connection.recv(100).startswith(expected), name
PYTHON
done
inside systemctl -q is-active tresor@three || fail "the third instance does not run"
echo "ok   sockets of systemd for mail start a server and outlive it"

inside bash -euc 'groupadd --system tresor-convert; systemctl start tresor-convert.socket'
doctor=$(inside bash -c 'touch empty.toml; tresor doctor --data /root/none --config empty.toml' || true)
grep "ok .* become PDFs: .* in a unit of systemd" <<< "$doctor" || fail "$doctor"

inside python3 - << 'PYTHON' || fail "the converter's units are not what they promise"
import json, socket, subprocess, time


def job(script, seconds=10):
    """What a unit answers to a job."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect("/run/tresor-convert/socket")
    bounds = {"wall_ms": seconds * 1000, "cpu_seconds": 60, "memory": 1 << 30, "disk": 512 << 20, "output": 1 << 20,
              "processes": 10_000}
    request = {"script": script, "arguments": [], "input": 1, "bounds": bounds}
    connection.sendall(json.dumps(request).encode() + b"\nx")
    answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    begun, _, answer = answer.partition("\n")
    assert begun == "ready", (script, begun, answer)
    return answer.partition("\n")[::2]


def check(what, script, says=lambda said, output: said == '{"ended":{"exit":0,"output":0}}', seconds=10):
    said, output = job(script, seconds)
    assert says(said, output), (what, said, output)
    print("ok  ", what, flush=True)


timed_out = lambda said, output: said == '"timed-out"'
check("a job can write in its folder only", """
    for place in $(find / -xdev -writable -type d 2>/dev/null) /tmp /var/tmp /dev/shm /dev/mqueue /run; do
        [ $place = /job ] || ! touch $place/x 2>/dev/null || echo $place
    done""")
check("it sees nothing of the machine",
      "cat /etc/passwd /etc/hostname; ls -A /home /root /srv /var/lib /var/log /run/tresor-convert; true")
check("no other process",
      "cat /proc/[0-9]*/comm 2>/dev/null | grep -vE '^(tresor|sh|cat|grep)$'; [ -e /proc/1 ] && echo 1; true")
check("no network", "bash -c 'echo >/dev/tcp/127.0.0.1/8443' 2>/dev/null && echo reached; true")
check("no namespaces, no mounts, no programs of its own", """
    unshare --user true 2>/dev/null && echo user; mount -t tmpfs x /job 2>/dev/null && echo mount
    cp /bin/true t; ./t 2>/dev/null && echo program; true""")
check("what hangs is ended", "setsid sleep 4711 & setsid sleep 4711 & wait", timed_out, 2)
check("what it leaves behind is ended", "setsid sh -c 'exec </dev/null >/dev/null 2>&1; sleep 4711' & exit 0")
check("a job that kills its unit ends alone", "kill -9 -1; sleep 60", lambda said, output: said == "")
check("processes are bounded", "for at in $(seq 300); do sleep 4711 & done", lambda said, output: "exit\":0" not in said, 3)
check("so is its folder", "head -c 600000000 /dev/zero >large; stat -c %s large", lambda said, output: output == "536870912\n", 30)
for _ in range(100):
    left = subprocess.run(["pgrep", "-fa", "sleep 4711"], capture_output=True, text=True).stdout
    listing = ["systemctl", "list-units", "--all", "--plain", "--no-legend", "tresor-convert@*"]
    units = subprocess.run(listing, capture_output=True, text=True).stdout
    if not left and not units:
        break
    time.sleep(0.1)
assert not left and not units, (left, units)
print("ok   nothing is left of all that")
PYTHON
