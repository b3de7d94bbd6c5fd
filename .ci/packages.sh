# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by dev: installs or unpacks the Debian packages of .ci/packages/. Asks no questions and
# does nothing, not even `apt-get update`, when everything is there.
set -euo pipefail

packages_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
peers_folder=$packages_root/build/peers
apt_log=$packages_root/build/logs/apt.log

listed() {
  [ -f "$packages_root/.ci/packages/$1.txt" ] || die "no package list $1"
  sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$packages_root/.ci/packages/$1.txt"
}

# A node that is there and new enough is used; Debian's would conflict with another vendor's.
node_is_there() {
  command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]
}

# Those of the named packages that are not installed, one a line.
missing() {
  local name state
  for name in "$@"; do
    if [ "$name" = nodejs ] && node_is_there; then continue; fi
    if [ "$name" = npm ] && node_is_there && command -v npm >/dev/null; then continue; fi
    state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
    if [ "$state" != installed ]; then echo "$name"; fi
  done
}

# Runs apt-get as root, by itself or through sudo.
apt() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# The package lists are read once per call of dev. A source of another vendor that fails is no
# reason to stop: apt goes on with the others, and a package that is really missing is named.
apt_updated=
apt_update() {
  if [ -n "$apt_updated" ]; then return; fi
  echo "apt: reading the package lists" >&2
  mkdir -p "${apt_log%/*}"
  apt update >"$apt_log" 2>&1 || echo "apt: some sources failed, going on with the others" >&2
  apt_updated=yes
}

# apt_install NAMES...: all at once, with a line of progress every 25 packages.
apt_install() {
  apt install --no-install-recommends "$@" 2>&1 | tee -a "$apt_log" |
    awk '/^Setting up/ && ++n % 25 == 0 { print "apt: " n " packages set up"; fflush() }' >&2
}

# install_packages LIST...: the lists build, test and fresh are installed; peers, and workloads for
# the long tests, are unpacked.
install_packages() {
  local list names wanted=() gone=()
  for list in "$@"; do
    case $list in peers | workloads) continue ;; esac
    names=$(listed "$list")
    mapfile -t -O "${#wanted[@]}" wanted <<<"$names"
  done
  mapfile -t gone < <(missing "${wanted[@]}")
  if [ ${#gone[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null; then
      die "this is not Debian; needed are the equivalents of: ${gone[*]}"
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
      die "not root and no sudo; as root run: apt-get install --no-install-recommends ${gone[*]}"
    fi
    install_missing "${gone[@]}"
  fi
  for list in "$@"; do
    case $list in peers | workloads) unpack_list "$list" ;; esac
  done
}

install_missing() {
  local name
  apt_update
  echo "apt: installing $# packages and what they need: $*" >&2
  if apt_install "$@"; then return; fi
  # One package that fails takes the whole call with it: find out which.
  local failed=()
  for name in "$@"; do
    apt_install "$name" || failed+=("$name")
  done
  if [ ${#failed[@]} -gt 0 ]; then
    tail -n 20 "$apt_log" >&2
    die "apt-get could not install: ${failed[*]} (all of it: $apt_log)"
  fi
}

# Each package with those of its dependencies that are not installed, in a folder of its own:
# build/peers/NAME/usr/bin/... Nothing is installed, so no daemon starts.
unpack_list() {
  local name folder
  while read -r name; do
    folder=$peers_folder/$name
    if [ -e "$folder/.complete" ]; then continue; fi
    apt_update
    echo "peers: unpacking $name" >&2
    rm -rf "$folder" && mkdir -p "$folder/.archives/partial"
    env DEBIAN_FRONTEND=noninteractive apt-get -y -q install --download-only --reinstall \
      --no-install-recommends -o Debug::NoLocking=1 -o Dir::Cache::archives="$folder/.archives" \
      "$name" >>"$apt_log" 2>&1 || die "apt-get could not download $name (see $apt_log)"
    find "$folder/.archives" -name '*.deb' -exec dpkg-deb -x {} "$folder" \;
    rm -rf "$folder/.archives"
    touch "$folder/.complete"
  done < <(listed "$1")
}
