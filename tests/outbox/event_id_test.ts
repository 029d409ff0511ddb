import assert from "node:assert/strict";
import fc from "fast-check";
import { eventId } from "../../lib/outbox/event_id.ts";

Deno.test("ids are UUIDs of version 7, in the order of acceptance", () => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 2 });
  fc.assert(
    fc.property(
      time,
      fc.nat(0xffe),
      fc.uuid({ version: 4 }),
      fc.uuid({ version: 4 }),
      (now, n, one, other) => {
        const id = eventId(now, n, one);
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        assert.ok(id < eventId(now, n + 1, other), "in one millisecond");
        assert.ok(id < eventId(now + 1, 0, other), "later");
      },
    ),
  );
});
