import assert from "node:assert/strict";
import { eventually, within } from "./eventually.ts";

Deno.test("a condition is waited for, and the awaited answer returned", async () => {
  let asked = 0;
  assert.equal(await eventually(() => ++asked > 2 && asked, "the third answer", { every: 0 }), 3);
  assert.equal(
    await eventually(() => Promise.resolve(++asked), "the sixth", { until: (answer) => answer === 6 }),
    6,
  );
});

Deno.test("a wait that is in vain tells what was waited for, the last answer, and more when asked", async () => {
  const waiting = { patience: 20, seen: () => "its log" };
  const says = (message: string) => ({ message });
  await assert.rejects(
    eventually(() => ({ pending: 3 }), "an empty outbox", {
      ...waiting,
      until: ({ pending }) => pending === 0,
    }),
    says("waited 0.02 s for an empty outbox: last seen { pending: 3 }\nits log"),
  );
  const never = new Promise<never>(() => {});
  await assert.rejects(within(never, "an answer", waiting), says("waited 0.02 s for an answer\nits log"));
  await assert.rejects(
    eventually(() => never, "health", { patience: 20 }),
    /waited 0.02 s for an answer about health/,
  );
});

Deno.test("what asking throws is thrown at once", async () => {
  const ask = () => Promise.reject(new Error("the service has ended"));
  await assert.rejects(eventually(ask, "health"), { message: "the service has ended" });
});
