#!/bin/sh
# What the tests need of the distribution: a browser, a software HSM, a TLS tester, an ACME server, PostgreSQL,
# Prometheus's promtool. Installs as root what is missing.
set -eu

here=$(dirname "$0")
"$here/browser.sh"
wanted=""
command -v testssl >/dev/null 2>&1 || wanted="$wanted testssl.sh"
command -v softhsm2-util >/dev/null 2>&1 || wanted="$wanted softhsm2"
command -v pebble >/dev/null 2>&1 || wanted="$wanted pebble"
[ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || command -v initdb >/dev/null 2>&1 || wanted="$wanted postgresql"
command -v curl >/dev/null 2>&1 || wanted="$wanted curl"
command -v promtool >/dev/null 2>&1 || wanted="$wanted prometheus"
[ -n "$wanted" ] || exit 0
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  apt-get update -qq >&2
  # shellcheck disable=SC2086 # a list of packages
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >&2
  exit 0
fi
echo "missing here:$wanted; the tests that need them are skipped" >&2
