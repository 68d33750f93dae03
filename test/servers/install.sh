#!/bin/sh
# install.sh CACHE PACKAGE... : lays each FTP server in CACHE/<server>-<version>, and installs the libraries they
# load and the named packages. The three FTP packages conflict with one another, so they are unpacked, never installed.
# So is a second rsync, the oldest that the package lists have: on most machines an older one than that installed.
# Run as root on Debian or Ubuntu, by one process at a time; does only what is still to be done.
set -eu
cache=$1
shift
export DEBIAN_FRONTEND=noninteractive

# Runs apt-get; once more after refreshing the package lists when that fails (a fresh machine has none).
apt() {
  options="-qq -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root"
  apt-get $options "$@" >&2 || { apt-get $options update >&2 && apt-get $options "$@" >&2; }
}

# lay SERVER PACKAGE... : unpacks the packages together; the folder appears only when it is complete.
lay() {
  server=$1
  shift
  if ls -d "$cache/$server"-[0-9]* >/dev/null 2>&1; then return; fi
  work=$(mktemp -d "$cache/.laying-XXXXXX")
  (cd "$work" && apt download "$@")
  for package in "$work"/*.deb; do
    dpkg-deb -x "$package" "$work/$server"
    dpkg-deb -f "$package" Depends | tr ',' '\n' | sed -n 's/^ *\(lib[^ |]*\).*/\1/p' >>"$work/$server/libraries"
  done
  mv "$work/$server" "$cache/$server-$(dpkg-deb -f "$work/${1%%=*}"_*.deb Version)"
  rm -r "$work"
}

rm -rf "$cache"/.laying-*
lay vsftpd vsftpd libpam-pwdfile
lay proftpd proftpd-core proftpd-mod-crypto
lay pure-ftpd pure-ftpd pure-ftpd-common
oldest=$(apt-cache madison rsync | awk 'END { print $3 }')
lay rsync "rsync${oldest:+=$oldest}"

# Only our own servers are to run: while packages are installed, none of theirs is started (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod +x $policy
fi
packages=$(cat "$cache"/*/libraries | sort -u)
apt install -y --no-upgrade --no-install-recommends $packages "$@"
printf '%s\n' $packages "$@" | sort -u >"$cache/installed.new"
mv "$cache/installed.new" "$cache/installed"
