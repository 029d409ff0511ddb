/** Webhooks for load: each a happening of its own, told apart by a serial of 12 hexadecimal digits. */
import sample from "../../../tests/fixtures/coder/workspace-created.json" with { type: "json" };

/** What `WEBHOOK_SECRET` is while measuring: authentication is part of the work. */
export const SECRET = "bench-secret-0123456789";

/** Where the serial goes; as long as one, so that every request has the same length. */
export const PLACEHOLDER = "@@serial@@@@";

/** Stands before the serial in every message id, in what Coder sends and in what PlatformX gets. */
export const MESSAGE_PREFIX = "5b3d4b0d-2190-4ce6-b7c8-";

/**
 * A webhook as Coder sends it (Workspace Created, compact JSON) with placeholders: message, workspace and its name
 * differ, so nothing of it is a copy of something known.
 */
function webhookTemplate(): string {
  return JSON.stringify(sample)
    .replaceAll("5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5", MESSAGE_PREFIX + PLACEHOLDER)
    .replaceAll("42d265a4-65c6-48b8-8464-94382de8de3a", `42d265a4-65c6-48b8-8464-${PLACEHOLDER}`)
    .replaceAll("alice-dev", `dev-${PLACEHOLDER}`);
}

const TEMPLATE = webhookTemplate();

/** A serial of a run (up to 65,535), one of its senders (up to 255) and a number (up to 16,777,215). */
export function serialOf(run: number, sender: number, number: number): string {
  return hexadecimal(run, 4) + hexadecimal(sender, 2) + hexadecimal(number, 6);
}

function hexadecimal(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** The webhook with this serial. */
export function bodyOf(serial: string): string {
  return TEMPLATE.replaceAll(PLACEHOLDER, serial);
}

/** The whole HTTP/1.1 request around {@link webhookTemplate}, as Go's client writes it. */
export function requestTemplate(host: string): string {
  return [
    ...["POST / HTTP/1.1", `Host: ${host}`, "User-Agent: Go-http-client/1.1"],
    `Content-Length: ${new TextEncoder().encode(TEMPLATE).length}`,
    ...[`Authorization: Basic ${btoa(`coder:${SECRET}`)}`, "Content-Type: application/json"],
    ...[`X-Message-Id: ${MESSAGE_PREFIX}${PLACEHOLDER}`, "Accept-Encoding: gzip", "", TEMPLATE],
  ].join("\r\n");
}
