import assert from "node:assert/strict";
import { following } from "../../lib/base/following.ts";

Deno.test("a controller that follows is aborted with the signal, or alone", () => {
  const leader = new AbortController();
  const [first, second] = [following(leader.signal), following(leader.signal)];
  first.abort();
  assert.deepEqual([first.signal.aborted, second.signal.aborted, leader.signal.aborted], [
    true,
    false,
    false,
  ]);
  leader.abort();
  assert.equal(second.signal.aborted, true);
  assert.equal(following(leader.signal).signal.aborted, true, "one that comes too late");
});

Deno.test("one that is done leaves nothing behind with the signal that it followed", () => {
  const leader = new AbortController();
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = leader.signal;
  leader.signal.addEventListener = function (...args: Parameters<AbortSignal["addEventListener"]>) {
    listeners.add(args[1]);
    addEventListener.apply(this, args);
  };
  leader.signal.removeEventListener = function (...args: Parameters<AbortSignal["removeEventListener"]>) {
    listeners.delete(args[1]);
    removeEventListener.apply(this, args);
  };
  const followers = Array.from({ length: 10 }, () => following(leader.signal));
  assert.equal(listeners.size, 10);
  for (const follower of followers) follower.abort();
  assert.equal(listeners.size, 0);
});
