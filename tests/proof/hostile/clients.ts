/** Clients that do not keep to the rules, and one that does. */
import { notificationWith } from "../../support/fakes.ts";
import { answered, type Program, type Starting, startProgram } from "../../support/service.ts";
import type { PlainSocket } from "../../support/socket.ts";

/** The secret of every service here. */
export const SECRET = "s3cret";

const AUTHORIZATION = `Bearer ${SECRET}`;

/** Starts the service. Needs Linux. */
export function startService(
  environment: Readonly<Record<string, string>>,
  options: Starting = {},
): Promise<Program> {
  const settings = { WEBHOOK_SECRET: SECRET, LOG_FORMAT: "json", LOG_LEVEL: "DEBUG", ...environment };
  return startProgram({ ...options, environment: settings });
}

let number = 0;

/** Posts a webhook about a happening of its own. Status, or status and reason. */
export async function tell(service: Program): Promise<string> {
  const body = webhookOf(`m-${++number}`);
  const [, ...words] = await answered(service.post(body, { authorization: AUTHORIZATION }));
  return words.join(" ").trim();
}

/** A webhook's body: Workspace Created, about somebody. */
export function webhookOf(messageId: string): string {
  return JSON.stringify(notificationWith({ labels: { workspace: messageId } }, messageId));
}

/** The head of a webhook; `more` are further headers, each ended by a line break. */
export function head(more: string): string {
  const headers = `Host: x\r\nContent-Type: application/json\r\nAuthorization: ${AUTHORIZATION}\r\n`;
  return `POST / HTTP/1.1\r\n${headers}${more}\r\n`;
}

/** Sends a byte now and then, until told to stop. The other end may have had enough before. */
export async function drip(client: PlainSocket, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    await client.send(" ").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
