#!/bin/sh
# A Chromium for the browser tests: the one that is here, else the distribution's package.
# Prints the path of what is used. Installing a package needs root, and only happens where no browser is found.
set -eu

for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null 2>&1; then
    command -v "$name"
    exit 0
  fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >&2
  command -v chromium
  exit 0
fi
echo "no Chromium here: install the package chromium, then run this again" >&2
exit 1
