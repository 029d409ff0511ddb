#!/bin/sh
# Caddy answers 200 by itself, and empty, where none of a site's routes fits.
#
# Version: Caddy 2.6.2 (Debian caddy=2.6.2-5).
# Behaviour: nginx and HAProxy answer 404 or 503 to what no rule takes. Caddy's chain of handlers ends with an empty 200.
# `handle_path /relay/*` does not take /relay, so a sender of webhooks that was given this address is told "delivered"
# while nobody has the webhook. A last `respond 404` in the site ends this; so the right test of an address is that the
# service refuses what does not carry the secret, not that something answers.
# Seen on 2026-11-28:
#   POST /relay/hook: 401 of the service
#   POST /relay: 200 of nobody
#   POST /hook: 200 of nobody
#   POST /closed/relay: 404 of nobody
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d) running=
trap '[ -z "$running" ] || kill "$running"; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q caddy=2.6.2-5 >install.log 2>&1 || { cat install.log >&2; exit 1; }
dpkg -x caddy_*.deb .

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >Caddyfile <<CONFIGURATION
{
	admin off
	auto_https off
}
http://127.0.0.1:$port {
	handle_path /relay/* {
		respond "the service" 401
	}
	handle_path /closed/* {
		handle /hook {
			respond "the service" 401
		}
		respond 404
	}
}
CONFIGURATION
HOME=$folder usr/bin/caddy run --config Caddyfile >caddy.log 2>&1 &
running=$!
curl --silent --retry 30 --retry-connrefused --retry-delay 1 --output /dev/null "http://127.0.0.1:$port/"

for path in /relay/hook /relay /hook /closed/relay; do
  status=$(curl --silent --output body --write-out '%{http_code}' --data '{}' "http://127.0.0.1:$port$path")
  echo "POST $path: $status of $(if [ -s body ]; then cat body; else echo nobody; fi)"
  rm -f body
done >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
