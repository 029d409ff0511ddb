import type { Log } from "../base/log.ts";
import { scrub } from "../base/redact.ts";
import type { Attributed } from "../coder/attribution.ts";
import type { Notification } from "../coder/notification.ts";
import type { Copy } from "../coder/occurrence.ts";
import { buildEvent, type FirstCopy, type PlatformXEvent } from "../platformx/event.ts";
import { type Outcome, shownName } from "./outcome.ts";

/** A wanted webhook on its way to becoming an event. */
export interface Draft {
  /** Hash of what happened: the same for all its copies. */
  readonly key: string;
  readonly copy: Copy;
  readonly notification: Notification;
  readonly attributed: Attributed;
  readonly testData: boolean;
}

/** Takes drafts to PlatformX, to the outbox, or to the log. */
export interface Delivery {
  deliver(draft: Draft): Promise<Outcome>;
}

/** The draft's event: it carries what the first copy of its occurrence fixes for all. Told at DEBUG. */
export function eventOf(draft: Draft, first: FirstCopy, log: Log): PlatformXEvent {
  const { attributed, notification, testData } = draft;
  const { event, fitted } = buildEvent(notification, attributed, { first, testData });
  if (log.writes("DEBUG")) {
    log.write("DEBUG", "event", "The event made from this webhook; it goes to PlatformX or to OUTBOX next", {
      msg_id: scrub(draft.copy.messageId, [], 64),
      notification: shownName(event.name),
      email: event.email,
      timestamp: event.timestamp,
      metadata_bytes: fitted.bytes,
    });
  }
  return event;
}
