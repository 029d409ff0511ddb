import type { Log } from "../base/log.ts";
import { constant, inFull, shownId, shownName } from "../base/redact.ts";
import type { Attributed } from "../coder/attribution.ts";
import type { Copy } from "../coder/occurrence.ts";
import { buildEvent, type FirstCopy, type PlatformXEvent } from "../platformx/event.ts";
import type { Outcome } from "./outcome.ts";

/** A wanted webhook on its way to becoming an event. */
export interface Draft {
  /** Hash of what happened: the same for all its copies. */
  readonly key: string;
  readonly copy: Copy;
  readonly attributed: Attributed;
  readonly testData: boolean;
}

/** Takes drafts to PlatformX, to the outbox, or to the log. */
export interface Delivery {
  deliver(draft: Draft): Promise<Outcome>;
}

/** The draft's event: it carries what the first copy of its occurrence fixes for all. Told at DEBUG. */
export function eventOf({ attributed, copy, testData }: Draft, first: FirstCopy, log: Log): PlatformXEvent {
  const { event, fitted } = buildEvent(attributed, { first, testData });
  if (log.writes("DEBUG")) {
    log.write("DEBUG", "event", MADE, {
      msg_id: shownId(copy.messageId),
      notification: shownName(event.name),
      email: inFull(event.email),
      timestamp: shownId(event.timestamp),
      metadata_bytes: fitted.bytes,
    });
  }
  return event;
}

const MADE = constant("The event made from this webhook; it goes to PlatformX or to OUTBOX next");
