import type { Log } from "../base/log.ts";
import { maskEmail, scrub, shownId, shownName } from "../base/redact.ts";
import type { Deliver } from "./direct.ts";

/** Delivery that logs the event, its address masked, and sends nothing. */
export function deliverToLog(log: Log): Deliver {
  return ({ name, email, timestamp, metadata }) => {
    if (log.writes("INFO")) {
      // Labels can hold addresses too: all of the text is scrubbed, not only the field that is known to be one.
      log.write("INFO", "event", "Dry run: this event would be sent", {
        msg_id: shownId(metadata["coder_message_id"] ?? ""),
        notification: shownName(name),
        email: maskEmail(email),
        timestamp: shownId(timestamp),
        metadata: scrub(JSON.stringify(metadata), [], 1_000),
      });
    }
    return Promise.resolve({ status: "dry_run", attempts: 0 });
  };
}
