import type { Recipient } from "../../tools/demo/coder.ts";

/** People whom Coder tells of a happening, one copy each. */
export const RECIPIENTS: readonly Recipient[] = ["tina", "omar", "uma"].map((name, index) => ({
  user_id: `abe25052-b4a7-48f0-be46-6ae1d3efbb0${index}`,
  user_email: `${name}@example.com`,
  user_name: name,
  user_username: name,
}));
