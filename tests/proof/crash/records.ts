/** What is written down of a run, and by which it is judged. Times are Unix milliseconds. */
import type { StandIn } from "../../support/platformx.ts";

/** Of what was sent. */
export type SenderRecord =
  /** A webhook goes out: the copy of a happening for one recipient, for the first time or again. */
  | { readonly kind: "post"; readonly at: number; readonly happening: number; readonly message: string }
  /** Its answer; status 0: there was none. */
  | { readonly kind: "answer"; readonly at: number; readonly message: string; readonly status: number }
  /** The service is killed now, or was started; its database server crashes: nothing can be noted until it is back. */
  | { readonly kind: "kill" | "start" | "crash"; readonly at: number };

/** An event that the stand-in took: it is PlatformX's from here on, whatever becomes of the answer. */
export interface TakenRecord {
  readonly at: number;
  /** `coder_message_id` of the event. */
  readonly message: string;
  /** When its sender was told so; undefined: it never was. */
  readonly answeredAt: number | undefined;
}

/** All that the stand-in took. */
export function takenBy({ received }: Pick<StandIn, "received">): readonly TakenRecord[] {
  return received.flatMap(({ at, event, end }) =>
    event === undefined ? [] : [{
      at,
      message: event.metadata["coder_message_id"] ?? "",
      answeredAt: end?.told ? end.at : undefined,
    }]
  );
}
