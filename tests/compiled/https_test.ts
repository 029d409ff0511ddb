import assert from "node:assert/strict";
import { startPlatformX } from "../../tools/demo/platformx.ts";
import { executable, needs, openFolder, run, type Settings, withOnly } from "./executable.ts";
import { assertServes, settingsFor } from "./exchange.ts";
import { start } from "./service.ts";

/** Makes a key and a certificate, signed by itself, for a name that is not the address it is reached at. */
async function certificateIn(folder: string, name: string): Promise<Settings> {
  await needs("openssl", "install Debian's package openssl");
  const files = { TLS_CERT_FILE: `${folder}/cert.pem`, TLS_KEY_FILE: `${folder}/key.pem` };
  const { code, stderr } = await run([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-days", "2", "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-out", files.TLS_CERT_FILE, "-keyout", files.TLS_KEY_FILE],
  ]);
  assert.equal(code, 0, stderr);
  return files;
}

function healthcheck(settings: Settings, url: string) {
  const { port } = new URL(url);
  return run(withOnly({ ...settings, PORT: port }, executable(), "healthcheck"));
}

Deno.test("with TLS_CERT_FILE the executable serves HTTPS, and shows that certificate", async () => {
  await using folder = await openFolder();
  await using platformX = startPlatformX();
  const tls = await certificateIn(folder.path, "localhost");

  await using service = await start(withOnly({ ...settingsFor(platformX), ...tls }, executable()), {
    cwd: folder.path,
  });
  const { protocol, port } = new URL(service.url);
  using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(tls.TLS_CERT_FILE!)] });

  assert.equal(protocol, "https:");
  await assertServes(`https://localhost:${port}/`, platformX, client);
});

for (const scheme of ["http", "https"]) {
  Deno.test(`healthcheck finds the executable alive over ${scheme}, and says so when it has gone`, async () => {
    await using folder = await openFolder();
    await using platformX = startPlatformX();
    const tls = scheme === "https" ? await certificateIn(folder.path, "coder-platformx.example.com") : {};
    const settings = { ...settingsFor(platformX), ...tls };
    await using service = await start(withOnly(settings, executable()), { cwd: folder.path });
    assert.equal(new URL(service.url).protocol, `${scheme}:`);

    const alive = await healthcheck(settings, service.url);
    await service.stop();
    const gone = await healthcheck(settings, service.url);

    assert.deepEqual(alive, { code: 0, stdout: "ok\n", stderr: "" });
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /^Nothing answers at 127\.0\.0\.1:\d+/);
  });
}
