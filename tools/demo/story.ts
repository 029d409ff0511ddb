/** What Coder sends in the demo, in which order, and what should come of it. */
import { CATALOGUE, findRow } from "../../lib/coder/catalogue.ts";
import { canHavePerson, type CatalogueRow } from "../../lib/coder/catalogue/row.ts";
import type { CoderUser } from "../../tests/support/coder.ts";
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

/** The outcome of a webhook whose event PlatformX took, and of one whose event is stored and follows. */
export const FORWARDED = "200 forwarded";
export const QUEUED = "202 queued";
const DUPLICATE = "200 duplicate";
const UNAVAILABLE = "503 unavailable platformx";

/** Title of the part after the three stories. */
export const EVERYTHING = "Every other notification that Coder knows";

/** Whether an event comes of a webhook with this outcome. */
export function bringsEvent(outcome: string): boolean {
  return outcome === FORWARDED || outcome === QUEUED;
}

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

/** Whom Coder can be asked for: some webhooks name the person, and hold no address. */
export const PEOPLE: readonly CoderUser[] = [
  { id: "4d82c616-c12b-42e7-8ddc-e92c2cb31a1d", username: "alice", email: "alice@example.com" },
  {
    id: "f730bc5e-3fba-49a6-9834-f2c136cfe38c",
    username: "nina",
    email: "nina@example.com",
    isDeleted: true,
  },
];

/** Everything that has a person. The passcode has one too, but the service refuses to start with it. */
export const TRACKED: readonly string[] = CATALOGUE.filter(isTracked).map(({ name }) => name);

/** What was said so far. */
class Transcript {
  readonly exchanges: Exchange[] = [];
  readonly #post: Stage["post"];

  constructor(post: Stage["post"]) {
    this.#post = post;
  }

  note(scene: string, webhook: Webhook, outcome: string, expected: string): void {
    const { notification_name: notification, user_email: recipient } = webhook.payload;
    const person = bringsEvent(expected) ? personOf(webhook) : undefined;
    const messageId = webhook.msg_id;
    this.exchanges.push({ scene, notification, recipient, messageId, expected, person, outcome });
  }

  async send(scene: string, webhook: Webhook, expected: string): Promise<void> {
    this.note(scene, webhook, (await this.#post(webhook)).outcome, expected);
  }
}

/**
 * Tells three stories, then the rest, one webhook after the other, so that the table is always the same: Coder sends up
 * to 20 at a time.
 */
export async function tell({ post, platformX, sleep }: Stage): Promise<readonly Exchange[]> {
  const transcript = new Transcript(post);
  const created = sampleOf(rowNamed("Workspace Created"));
  const copies = "Alice has a new workspace, and Coder tells three administrators: one event, about Alice";
  await transcript.send(copies, created, FORWARDED);
  for (const administrator of [OMAR, UMA]) {
    await transcript.send(copies, toldTo(administrator, created), DUPLICATE);
  }
  const again = "Coder did not get the answer and sends the first one again: still one event";
  await transcript.send(again, created, DUPLICATE);
  await tellOutage(transcript, { post, platformX, sleep });

  for (const row of CATALOGUE) {
    if (row.name !== "Workspace Created") await transcript.send(EVERYTHING, sampleOf(row), outcomeOf(row));
  }
  const account = sampleOf(rowNamed("User account created"));
  const data = { ...account.payload.data, user: { ...account.payload.data?.user, email: "" } };
  const service = toldTo(OMAR, { ...account, payload: { ...account.payload, data } });
  await transcript.send("A service account has no address: nobody's event", service, "200 ignored no_person");
  return transcript.exchanges;
}

async function tellOutage(transcript: Transcript, { post, platformX, sleep }: Stage): Promise<void> {
  const down = "PlatformX is down: the service asks Coder to send again, and Coder does, the same message";
  const deprecated = toldTo(BOB, sampleOf(rowNamed("Template Deprecated")));
  platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
  let answer = await post(deprecated);
  transcript.note(down, deprecated, answer.outcome, UNAVAILABLE);
  platformX.behave();
  for (let sent = 2; answer.outcome === UNAVAILABLE && sent <= MOST_SENT; sent++) {
    await sleep(answer.retryAfterMs); // Coder waits 5 minutes, whatever the answer says
    answer = await post(deprecated);
    const isEarly = answer.outcome === UNAVAILABLE && sent < MOST_SENT;
    transcript.note(down, deprecated, answer.outcome, isEarly ? UNAVAILABLE : FORWARDED);
  }
}

/** What the outage with an outbox is played with. */
export interface OutageStage extends Pick<Stage, "post" | "platformX"> {
  /** Kills the service and starts it again. */
  readonly restart: () => Promise<void>;
  /** Waits until so many events have arrived. */
  readonly arrived: (count: number) => Promise<void>;
}

/** Tells how nothing is lost or doubled with an outbox. */
export async function tellStored({ post, platformX, restart, arrived }: OutageStage) {
  const transcript = new Transcript(post);
  const [created, ...others] = ["Workspace Created", "Workspace Autobuild Failed", "Task Completed"]
    .map((name) => sampleOf(rowNamed(name)));
  platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
  const down = "PlatformX is down: events are stored, and Coder need not send again";
  for (const webhook of [created!, ...others]) await transcript.send(down, webhook, QUEUED);
  await restart();
  const killed = "The service is killed and started again: it knows what it has, and takes more";
  await transcript.send(killed, created!, DUPLICATE);
  await transcript.send(killed, toldTo(OMAR, created!), DUPLICATE);
  await transcript.send(killed, toldTo(BOB, sampleOf(rowNamed("Template Deprecated"))), QUEUED);
  platformX.behave();
  await arrived(transcript.exchanges.filter(({ outcome }) => bringsEvent(outcome)).length);
  await transcript.send("PlatformX is back: all of it has arrived, once", created!, DUPLICATE);
  return transcript.exchanges;
}

function outcomeOf(row: CatalogueRow): string {
  if (row.secret) return "200 ignored secret";
  return isTracked(row) ? FORWARDED : "200 ignored not_tracked";
}

function isTracked(row: CatalogueRow): boolean {
  return canHavePerson(row, true) && !row.secret;
}

/** Whom a notification is about: the catalogue says where to look. */
function personOf({ payload }: Webhook): string | undefined {
  const { ask, person } = rowNamed(payload.notification_name);
  switch (person) {
    case "owner":
    case "user":
      return payload.data?.[person]?.email;
    case "recipient":
      return payload.user_email;
    case "none": {
      const name = payload.labels?.[ask?.label ?? ""];
      return PEOPLE.find(({ username }) => username === name)?.email;
    }
  }
}

function rowNamed(name: string): CatalogueRow {
  const row = findRow(name);
  if (row === undefined) throw new Error(`the catalogue must hold '${name}'`);
  return row;
}
