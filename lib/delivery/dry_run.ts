import type { Log } from "../base/log.ts";
import { maskEmail, scrub } from "../base/redact.ts";
import type { Deliver } from "./direct.ts";

/** Delivery that logs the event, its address masked, and sends nothing. */
export function deliverToLog(log: Log): Deliver {
  return ({ name, email, timestamp, metadata }) => {
    if (log.writes("INFO")) {
      // Labels can hold addresses too: all of the text is scrubbed, not only the field that is known to be one.
      log.write("INFO", "event", "Dry run: this event would be sent", {
        msg_id: scrub(metadata["coder_message_id"] ?? "", [], 64),
        notification: scrub(name, [], 60),
        email: maskEmail(email),
        timestamp,
        metadata: scrub(JSON.stringify(metadata), [], 1_000),
      });
    }
    return Promise.resolve({ status: "dry_run", attempts: 0 });
  };
}
