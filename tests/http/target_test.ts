import assert from "node:assert/strict";
import fc from "fast-check";
import { targetOf } from "../../lib/http/target.ts";

Deno.test("the path and the query of an address count, whatever its host says", async (t) => {
  const rows: [url: string, path: string, details: boolean][] = [
    ["http://relay.example.com/", "/", false],
    ["http://relay.example.com", "/", false],
    ["http://relay.example.com/?details", "/", true],
    ["http://relay.example.com/?detail", "/", false],
    ["http://relay.example.com/?a=/", "/", false],
    ["http://relay.example.com/metrics?details=1", "/metrics", true],
    ["http://[::1]:8080/", "/", false],
    ["http://user:pw@relay.example.com:1/x/", "/x/", false],
    ["http://not a host/", "/", false],
    ["http://not a host/x", "/x", false],
    // As Node.js tells it: path and query alone.
    ["/", "/", false],
    ["/?details", "/", true],
    ["/metrics", "/metrics", false],
    ["//", "//", false],
    ["//relay.example.com/", "//relay.example.com/", false],
    ["http://relay.example.com//", "//", false],
    ["http://relay.example.com//metrics", "//metrics", false],
    ["http://relay.example.com/%20", "/%20", false],
    ["http://relay.example.com/%2F", "/%2F", false],
    ["http://relay.example.com/%", "/%", false],
    ["http://relay.example.com/\\", "/\\", false],
    // Unresolved: else a proxy in front that forbids /metrics would be got round.
    ["http://relay.example.com/./metrics", "/./metrics", false],
    ["http://relay.example.com/x/../metrics?details", "/x/../metrics", true],
    ["http://relay.example.com/%2e%2e/", "/%2e%2e/", false],
    ["http://relay.example.com/..", "/..", false],
    ["http://relay.example.com/#x?details", "/", false],
    ["http://relay.example.com?a=/x", "/", false],
    ["*", "*", false],
    ["", "/", false],
  ];
  for (const [url, path, details] of rows) {
    await t.step(url, () => {
      const target = targetOf(url);
      assert.equal(target.path, path);
      assert.equal(target.query.has("details"), details);
    });
  }
});

Deno.test("property: no address makes it throw", () => {
  const anything = fc.string({ unit: "binary" });
  fc.assert(fc.property(fc.constantFrom("", "/", "http://h/", "http://h", "//"), anything, (start, rest) => {
    assert.ok(targetOf(start + rest).path !== "");
  }));
});
