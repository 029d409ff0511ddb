/** What Coder sends in the demo, in which order, and what should come of it. */
import { CATALOGUE, findRow } from "../../lib/coder/catalogue.ts";
import type { CatalogueRow } from "../../lib/coder/catalogue/row.ts";
import { type Recipient, sampleOf, toldTo, type Webhook } from "../../tests/support/samples.ts";
import type { Answer } from "./coder.ts";
import type { StandIn } from "../../tests/support/platformx.ts";

/** One webhook, what should come of it, and the service's answer. */
export interface Exchange {
  /** Title of the part of the story that it belongs to. */
  readonly scene: string;
  readonly notification: string;
  readonly recipient: string;
  readonly messageId: string;
  /** The outcome that is right. */
  readonly expected: string;
  /** The address of whom the event must be about; undefined: there must be no event. */
  readonly person: string | undefined;
  /** The outcome that the service answered. */
  readonly outcome: string;
}

/** What the story is told with. */
export interface Stage {
  readonly post: (webhook: Webhook) => Promise<Answer>;
  readonly platformX: Pick<StandIn, "misbehave" | "behave">;
  /** Waits so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** The outcome of a webhook whose event PlatformX took. */
export const FORWARDED = "200 forwarded";
const DUPLICATE = "200 duplicate";
const UNAVAILABLE = "503 unavailable platformx";

/** How often Coder sends one message (its `CODER_NOTIFICATIONS_MAX_SEND_ATTEMPTS`). */
const MOST_SENT = 5;

const OMAR: Recipient = {
  user_id: "f20f7fbd-2515-4b6e-b9db-88a92072874b",
  user_email: "omar@example.com",
  user_name: "Omar Owner",
  user_username: "omar",
};
const UMA: Recipient = {
  user_id: "c9d1a1a5-13c3-4b1d-8d0f-2b7d0e1f6a54",
  user_email: "uma@example.com",
  user_name: "Uma Useradmin",
  user_username: "uma",
};
const BOB: Recipient = {
  user_id: "30d2e06e-85ed-4b46-8640-aba06491d4ce",
  user_email: "bob@example.com",
  user_name: "Bob Brandt",
  user_username: "bob",
};

/** Everything that has a person. The passcode has one too, but the service refuses to start with it. */
export const TRACKED: readonly string[] = CATALOGUE.filter(isTracked).map(({ name }) => name);

/** Tells the story, one webhook after the other, so that the table is always the same: Coder sends up to 20 at a time. */
export async function tell({ post, platformX, sleep }: Stage): Promise<readonly Exchange[]> {
  const exchanges: Exchange[] = [];

  function note(scene: string, webhook: Webhook, outcome: string, expected: string): void {
    const { notification_name: notification, user_email: recipient } = webhook.payload;
    const person = expected === FORWARDED ? personOf(webhook) : undefined;
    exchanges.push({ scene, notification, recipient, messageId: webhook.msg_id, expected, person, outcome });
  }
  async function send(scene: string, webhook: Webhook, expected: string): Promise<void> {
    note(scene, webhook, (await post(webhook)).outcome, expected);
  }

  for (const row of CATALOGUE) {
    await send("Every notification that Coder knows", sampleOf(row), outcomeOf(row));
  }

  const created = sampleOf(rowNamed("Workspace Created"));
  for (const administrator of [OMAR, UMA]) {
    const webhook = toldTo(administrator, created);
    await send(
      "Coder tells two more administrators of Alice's workspace: it stays one event",
      webhook,
      DUPLICATE,
    );
  }
  await send(
    "Coder did not get the answer and sends the first one again: still one event",
    created,
    DUPLICATE,
  );

  const account = sampleOf(rowNamed("User account created"));
  const data = { ...account.payload.data, user: { ...account.payload.data?.user, email: "" } };
  const service = toldTo(OMAR, { ...account, payload: { ...account.payload, data } });
  await send("A service account has no address: nobody's event", service, "200 ignored no_person");

  const down = "PlatformX is down: the service asks Coder to send again, and Coder does, the same message";
  const deprecated = toldTo(BOB, sampleOf(rowNamed("Template Deprecated")));
  platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
  let answer = await post(deprecated);
  note(down, deprecated, answer.outcome, UNAVAILABLE);
  platformX.behave();
  for (let sent = 2; answer.outcome === UNAVAILABLE && sent <= MOST_SENT; sent++) {
    await sleep(answer.retryAfterMs); // Coder waits 5 minutes, whatever the answer says
    answer = await post(deprecated);
    const isEarly = answer.outcome === UNAVAILABLE && sent < MOST_SENT;
    note(down, deprecated, answer.outcome, isEarly ? UNAVAILABLE : FORWARDED);
  }
  return exchanges;
}

function outcomeOf(row: CatalogueRow): string {
  if (row.secret) return "200 ignored secret";
  return isTracked(row) ? FORWARDED : "200 ignored not_tracked";
}

function isTracked(row: CatalogueRow): boolean {
  return row.person !== "none" && !row.secret;
}

/** Whom a notification is about: the catalogue says where to look. */
function personOf({ payload }: Webhook): string | undefined {
  const { person } = rowNamed(payload.notification_name);
  switch (person) {
    case "owner":
    case "user":
      return payload.data?.[person]?.email;
    case "recipient":
      return payload.user_email;
    case "none":
      return undefined;
  }
}

function rowNamed(name: string): CatalogueRow {
  const row = findRow(name);
  if (row === undefined) throw new Error(`the catalogue must hold '${name}'`);
  return row;
}
