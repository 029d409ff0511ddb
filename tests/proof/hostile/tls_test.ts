import assert from "node:assert/strict";
import { issueCertificate } from "../../support/certificates.ts";
import { startPlatformX } from "../../support/platformx.ts";
import { openFolder } from "../../support/process.ts";
import { startService, tell } from "./clients.ts";

Deno.test("only a certificate that is trusted, in its time and for this name gets the key and the event", async (t) => {
  const here = "IP:127.0.0.1";
  const rows: [what: string, name: string, days: number, trusted: boolean, told: string][] = [
    ["trusted, in its time, for this name", here, 2, true, "forwarded"],
    ["of an authority that is not trusted", here, 2, false, "unavailable platformx"],
    ["for another name", "DNS:other.example.com", 2, true, "unavailable platformx"],
    ["expired", here, -1, true, "unavailable platformx"],
  ];
  for (const [what, name, days, trusted, told] of rows) {
    await t.step(what, async () => {
      await using folder = await openFolder();
      const tls = await issueCertificate(folder.path, [name], days);
      await using platformX = await startPlatformX({ tls, key: "key" });
      await using service = await startService({
        GETDX_API_URL: platformX.url,
        GETDX_API_KEY: "key",
        DELIVERY_DEADLINE: "1s",
        ...(trusted ? { DENO_CERT: tls.caFile } : {}),
      });
      assert.equal(await tell(service), told);
      assert.equal(platformX.requests, told === "forwarded" ? 1 : 0);
      assert.equal(/"seen":"tls_failed"/.test(service.log), told !== "forwarded");
    });
  }
});
