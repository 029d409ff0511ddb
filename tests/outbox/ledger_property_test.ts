import fc from "fast-check";
import type { OutboxRecord } from "../../lib/outbox/settlement.ts";
import type { Claim } from "../../lib/outbox/ledger.ts";
import type { Store } from "../../lib/outbox/store.ts";
import { assertConsistent, DAY, entriesOf, HOUR, openOutbox, orderOf } from "./fakes.ts";

const LEASE = 30_000;

/** Something that happens to an outbox; numbers choose among what is there. */
type Operation =
  | { readonly kind: "accept"; readonly key: number; readonly who: number; readonly message: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "claim" | "replay" | "drop"; readonly which: number }
  | { readonly kind: "settle"; readonly which: number; readonly as: "delivered" | "pending" | "dead" }
  | { readonly kind: "expire" | "forget" };

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("accept" as const),
      key: fc.nat(3),
      who: fc.nat(2),
      message: fc.nat(5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.constantFrom(1, LEASE, HOUR, 31 * DAY),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("claim" as const, "replay" as const, "drop" as const),
      which: fc.nat(99),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      which: fc.nat(99),
      as: fc.constantFrom("delivered" as const, "pending" as const, "dead" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("expire" as const, "forget" as const) }) },
);

Deno.test("counters and indices agree with a full listing, whatever happened", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyOperation, { maxLength: 40 }), async (operations) => {
      await using test = await openOutbox();
      const claims: Claim[] = [];
      for (const operation of operations) await happen(operation, test, claims);
      await assertConsistent(test.store);
    }),
    { numRuns: 40 },
  );
});

async function happen(
  operation: Operation,
  { clock, ledger, outbox, store }: Awaited<ReturnType<typeof openOutbox>>,
  claims: Claim[],
): Promise<void> {
  const now = clock.now();
  switch (operation.kind) {
    case "accept":
      await outbox.accept(orderOf(`h${operation.key}`, `r${operation.who}`, `m${operation.message}`));
      return;
    case "wait":
      return await clock.advance(operation.ms);
    case "claim": {
      const claim = await ledger.claim(await anyId(store, operation.which), now);
      if (typeof claim === "object") claims.push(claim);
      return;
    }
    case "settle": {
      // Leases that ran out, and settlements written twice, are among these.
      const claim = claims[operation.which % Math.max(1, claims.length)];
      if (claim !== undefined) await ledger.settle(claim, settlementAs(operation.as, claim.record, now));
      return;
    }
    case "replay":
      return void await ledger.replay(await anyId(store, operation.which), now);
    case "drop":
      return void await ledger.drop(await anyId(store, operation.which));
    case "expire":
      return void await ledger.expire(now, { maxAge: HOUR, limit: 3, except: new Set() });
    case "forget":
      return await ledger.forgetDead(now, 3);
  }
}

async function anyId(store: Store, which: number): Promise<string> {
  const ids = (await entriesOf(store)).filter(({ key }) => key[0] === "event").map(({ key }) =>
    String(key[1])
  );
  return ids[which % Math.max(1, ids.length)] ?? "none";
}

function settlementAs(as: "delivered" | "pending" | "dead", record: OutboxRecord, now: number) {
  if (as === "delivered") return { kind: as } as const;
  if (as === "pending") return { kind: as, record: { ...record, due: now + 1_000 } } as const;
  return { kind: as, record: { ...record, dead: { reason: "refused", at: now } } } as const;
}
