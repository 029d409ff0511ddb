#!/bin/sh
# Prometheus takes the line break off a bearer token that it reads from a file, and not off one in its configuration.
#
# Version: Prometheus 2.42.0 (Debian prometheus=2.42.0+ds-5+deb12u1).
# Behaviour: `openssl rand -hex 32 >token` ends in a line break. As credentials_file the token works. The same bytes as
# `credentials`, which is how an operator on Kubernetes hands over a Secret, are checked only when a scrape is due: the
# configuration is accepted, the target is down, and no request leaves, so that the log of the target has nothing to tell.
# Seen on 2026-11-28:
#   configuration: SUCCESS
#   inline: down, net/http: invalid header field value for "Authorization"
#   file: up
#   asked with: Bearer token
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d) running=
trap '[ -z "$running" ] || kill $running; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q prometheus=2.42.0+ds-5+deb12u1 >install.log 2>&1 || { cat install.log >&2; exit 1; }
dpkg -x prometheus_*.deb .

free='import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
target=$(python3 -c "$free") port=$(python3 -c "$free")
cat >target.py <<'PROGRAM'
import http.server, sys

class Target(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as asked:
            asked.write(f"{self.headers['Authorization']}\n")
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"answered 1\n")

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Target).serve_forever()
PROGRAM
python3 target.py "$target" 2>target.log &
running=$!
echo token >token
cat >prometheus.yml <<CONFIGURATION
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: inline
    authorization: { credentials: "token\n" }
    static_configs: [{ targets: ["127.0.0.1:$target"] }]
  - job_name: file
    authorization: { credentials_file: token }
    static_configs: [{ targets: ["127.0.0.1:$target"] }]
CONFIGURATION
usr/bin/promtool check config prometheus.yml >check.log 2>&1 || true
usr/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$port" \
  >prometheus.log 2>&1 &
running="$running $!"

cat >told.py <<'PROGRAM'
import json, sys, time, urllib.request

for _ in range(60):
    time.sleep(0.5)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/api/v1/targets") as answer:
            targets = {one["scrapePool"]: one for one in json.load(answer)["data"]["activeTargets"]}
    except OSError:
        continue
    if len(targets) == 2 and all(one["health"] != "unknown" for one in targets.values()):
        break
for name in ("inline", "file"):
    error = targets[name]["lastError"].split(": ", 1)[-1]
    print(f"{name}: {targets[name]['health']}" + (f", {error}" if error else ""))
PROGRAM
{
  echo "configuration: $(grep -o SUCCESS check.log | head -n 1)"
  python3 told.py "$port"
  echo "asked with: $(sort -u asked | tr '\n' ' ' | sed 's/ $//')"
} >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
