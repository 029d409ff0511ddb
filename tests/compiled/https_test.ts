import assert from "node:assert/strict";
import { issueCertificate } from "../support/certificates.ts";
import { startPlatformX } from "../support/platformx.ts";
import { openFolder } from "../support/process.ts";
import type { Environment } from "../support/program.ts";
import { assertServes, runExecutable, settingsFor, startExecutable } from "./executable.ts";

/** Settings with which the service speaks HTTPS, by a certificate for a name that is not the address it is reached at. */
async function tlsIn(folder: string, name: string): Promise<Environment & { readonly caFile: string }> {
  const { files, caFile } = await issueCertificate(folder, [`DNS:${name}`]);
  return { TLS_CERT_FILE: files.cert, TLS_KEY_FILE: files.key, caFile };
}

Deno.test("with TLS_CERT_FILE the executable serves HTTPS, and shows that certificate", async () => {
  await using folder = await openFolder();
  await using platformX = await startPlatformX();
  const { caFile, ...tls } = await tlsIn(folder.path, "localhost");
  await using service = await startExecutable({ ...settingsFor(platformX), ...tls });
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(caFile)] });
  assert.equal(new URL(service.url).protocol, "https:");
  await assertServes(`https://localhost:${service.port}/`, platformX, client);
});

for (const scheme of ["http", "https"]) {
  Deno.test(`healthcheck finds the executable alive over ${scheme}, and says so when it has gone`, async () => {
    await using folder = await openFolder();
    await using platformX = await startPlatformX();
    const tls = scheme === "https" ? await tlsIn(folder.path, "coder-platformx.example.com") : {};
    const settings: Environment = { ...settingsFor(platformX), ...tls };
    await using service = await startExecutable(settings);
    assert.equal(new URL(service.url).protocol, `${scheme}:`);
    const environment = { ...settings, PORT: String(service.port) };

    const alive = await runExecutable(["healthcheck"], { environment });
    await service.stop();
    const gone = await runExecutable(["healthcheck"], { environment });

    assert.deepEqual(alive, { code: 0, stdout: "ok\n", stderr: "" });
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /^Nothing answers at 127\.0\.0\.1:\d+/);
  });
}
