#!/bin/sh
# In Deno's own OpenTelemetry, setting a span's attribute again adds a second one of the same name.
#
# Version: Deno 2.9.6 (npm deno@2.9.6) with @opentelemetry/api 1.10.0 (npm).
# Behaviour: OpenTelemetry asks that setting an attribute under a name that is there replaces the value, and that names
# are unique in what is exported. Deno's exporter sends both. Which of the two a backend shows is the backend's choice,
# so an attribute that is first a guess and later the truth may stay a guess. Set each attribute once, when its value is
# final.
# Seen on 2026-11-28:
#   event.state = started
#   event.state = delivered
# Exits 1 if this changes.
set -eu
script=$(realpath "$0") folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export NO_COLOR=1 DENO_NO_UPDATE_CHECK=1 DENO_DIR="$folder/cache"
npm install --silent --no-audit --no-fund deno@2.9.6 @opentelemetry/api@1.10.0 >install.log 2>&1 || { cat install.log >&2; exit 1; }

cat >span.mjs <<'PROGRAM'
import { trace } from "@opentelemetry/api";

trace.getTracer("example").startActiveSpan("deliver", (span) => {
  span.setAttribute("event.state", "started");
  span.setAttribute("event.state", "delivered");
  span.end();
});
PROGRAM

# Takes what is exported, and prints the attributes of its spans.
cat >receiver.mjs <<'PROGRAM'
const attributes = [];
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const body = await request.json();
  if (new URL(request.url).pathname === "/v1/traces") {
    const scopes = body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
    attributes.push(...scopes.flatMap(({ spans }) => spans).flatMap((span) => span.attributes));
  }
  return Response.json({});
});
await new Deno.Command(Deno.execPath(), {
  args: ["run", "span.mjs"],
  env: {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
  },
}).output();
for (const { key, value } of attributes) console.log(`${key} = ${value.stringValue}`);
Deno.exit();
PROGRAM

node_modules/.bin/deno run --allow-all receiver.mjs >seen
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
