#!/usr/bin/env bash
# Installs what building (`install.sh build`), building and testing (`install.sh test`), measuring (`install.sh
# bench`) or fuzzing (`install.sh fuzz`) needs from Debian's packages, as root or through sudo. Where neither is
# possible it says which packages are missing and fails. It asks nothing and does nothing when everything is there.
set -euo pipefail

# What has to be there, as "file-or-program package" or "import:python-module package".
build=(
    "gcc gcc"
    "make make"
    "perl perl" # SQLCipher's build scripts
    "pkg-config pkg-config"
    "/usr/include/openssl/evp.h libssl-dev"
)
test=(
    "7zz 7zip"
    "age age"
    "bwrap bubblewrap"
    "bsdtar libarchive-tools"
    "bzip2 bzip2"
    "c-icap c-icap"
    "/usr/share/c_icap/templates/virus_scan libc-icap-mod-virus-scan"
    "cadaver cadaver"
    "clamd clamav-daemon"
    "clamscan clamav"
    "/usr/share/clamav-testfiles/clam.exe clamav-testfiles"
    "chromium chromium"
    "curl curl"
    "dbus-run-session dbus"
    "dbus-daemon dbus-daemon"
    "firefox-esr firefox-esr"
    "fusermount3 fuse3"
    "gio libglib2.0-bin"
    "/usr/share/gvfs/mounts/dav.mount gvfs-backends"
    "/usr/lib/libreoffice/program/libsclo.so libreoffice-calc-nogui"
    "/usr/lib/libreoffice/program/libsdlo.so libreoffice-impress-nogui"
    "/usr/lib/libreoffice/program/libswlo.so libreoffice-writer-nogui"
    "/usr/lib/libreoffice/program/resource/de libreoffice-l10n-de"
    "/usr/share/fonts/truetype/crosextra/Caladea-Regular.ttf fonts-crosextra-caladea"
    "/usr/share/fonts/truetype/crosextra/Carlito-Regular.ttf fonts-crosextra-carlito"
    "/usr/share/fonts/truetype/liberation fonts-liberation"
    "heif-convert libheif-examples"
    "litmus litmus"
    "localedef libc-bin"
    "/usr/share/i18n/locales/de_DE locales"
    "mkfs.ext4 e2fsprogs"
    "mount mount"
    "mount.davfs davfs2"
    "nextcloudcmd nextcloud-desktop-cmd"
    "nginx nginx"
    "node nodejs"
    "npm npm"
    "oathtool oathtool"
    "openssl openssl"
    "pdftotext poppler-utils"
    "postfix postfix"
    "prlimit util-linux"
    "import:ensurepip python3-venv"
    "/usr/lib/python3/dist-packages/uno.py python3-uno"
    "qpdf qpdf"
    "rclone rclone"
    "restic restic"
    "rsync rsync"
    "script bsdutils"
    "sqlite3 sqlite3"
    "strace strace"
    "systemd-analyze systemd"
    "systemd-socket-activate systemd"
    "tiff2pdf libtiff-tools"
    "unar unar"
    "unzip unzip"
    "WebKitWebDriver webkit2gtk-driver"
    "Xvfb xvfb"
    "xz xz-utils"
    "zip zip"
    "/etc/ssl/certs/ca-certificates.crt ca-certificates"
)
bench=(
    "age-keygen age"
    "curl curl"
    "openssl openssl"
    "python3 python3"
    "strace strace"
)
fuzz=(
    "g++ g++" # libFuzzer
)

case "${1:-}" in
build) wanted=("${build[@]}") ;;
test) wanted=("${build[@]}" "${test[@]}") ;;
bench) wanted=("${build[@]}" "${bench[@]}") ;;
fuzz) wanted=("${build[@]}" "${fuzz[@]}") ;;
*)
    echo "usage: $0 build|test|bench|fuzz" >&2
    exit 2
    ;;
esac

is_there() {
    case "$1" in
    /*) [ -e "$1" ] ;;
    import:*) python3 -c "import ${1#import:}" 2>/dev/null ;;
    *) PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null ;;
    esac
}

missing=()
for entry in "${wanted[@]}"; do
    read -r thing package <<<"$entry"
    is_there "$thing" || missing+=("$package")
done
clients() {
    [ "$1" != test ] || "$(dirname "$0")/product/resumable/clients/install.sh"
}
if [ ${#missing[@]} -eq 0 ]; then
    clients "$1"
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root=(sudo)
    else
        echo "These Debian packages are missing: ${missing[*]}" >&2
        echo "Install them as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi
if ! command -v apt-get >/dev/null; then
    echo "This system has no apt-get. Install what Debian calls: ${missing[*]}" >&2
    exit 1
fi

echo "Installing ${missing[*]}"
# davfs2 would ask whether ordinary users may mount; the answer "no" is its default.
as_root+=(env DEBIAN_FRONTEND=noninteractive)
install=("${as_root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists may be missing or old: then they are fetched and the installation tried again.
if ! "${install[@]}" </dev/null >"$log" 2>&1; then
    if ! { "${as_root[@]}" apt-get update -q && "${install[@]}"; } </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        exit 1
    fi
fi
clients "$1"
