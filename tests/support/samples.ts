/** What Coder sends: one sample for each notification, and what is made of them. */
import { fileOf } from "./files.ts";

/** Whom Coder tells: not always the person whom the event is about. */
export interface Recipient {
  readonly user_id: string;
  readonly user_email: string;
  readonly user_name: string;
  readonly user_username: string;
}

interface PersonInData {
  readonly email: string;
}

/** Body of a webhook, as far as anybody here looks at it. */
export interface Webhook {
  /** One for each recipient; the same when Coder sends again. */
  readonly msg_id: string;
  readonly payload: Recipient & {
    readonly notification_name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly data: { readonly owner?: PersonInData; readonly user?: PersonInData } | null;
  };
}

/** People whom Coder tells of a happening, one copy each. */
export const RECIPIENTS: readonly Recipient[] = ["tina", "omar", "uma"].map((name, index) => ({
  user_id: `abe25052-b4a7-48f0-be46-6ae1d3efbb0${index}`,
  user_email: `${name}@example.com`,
  user_name: name,
  user_username: name,
}));

/** The sample of a notification. Its file's name is the notification's, as a slug. */
export function sampleOf({ name }: { readonly name: string }): Webhook {
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return JSON.parse(Deno.readTextFileSync(fileOf(`tests/fixtures/coder/${slug}.json`)));
}

/** The webhook with which Coder tells a further recipient the same. */
export function toldTo(recipient: Recipient, webhook: Webhook): Webhook {
  return { ...webhook, msg_id: crypto.randomUUID(), payload: { ...webhook.payload, ...recipient } };
}
