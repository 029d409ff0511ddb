import assert from "node:assert/strict";
import { output, startService } from "./service.ts";
import { startUpstream } from "./upstream.ts";

/** A certificate of an authority of its own, for a name. `days`: how long it is valid, from now on or back. */
async function certificate(folder: string, label: string, { name, days }: { name: string; days: number }) {
  const file = (ending: string) => `${folder}/${label}.${ending}`;
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await output("openssl", "req", ...key, "-subj", `/CN=${name}`, "-keyout", file("key"), "-out", file("csr"));
  await Deno.writeTextFile(file("ext"), `subjectAltName=${name}\nbasicConstraints=CA:FALSE\n`);
  await output(
    "openssl",
    ...["x509", "-req", "-in", file("csr"), "-CA", `${folder}/ca.pem`, "-CAkey", `${folder}/ca.key`],
    ...["-set_serial", String(Math.abs(days) + label.length), "-days", String(days), "-extfile", file("ext")],
    ...["-out", file("pem")],
  );
  return { cert: await Deno.readTextFile(file("pem")), key: await Deno.readTextFile(file("key")) };
}

Deno.test("only a certificate that is trusted, in its time and for this name gets the key and the event", async (t) => {
  const folder = await Deno.makeTempDir();
  try {
    await output(
      "openssl",
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
      ],
      ...["-subj", "/CN=tests", "-keyout", `${folder}/ca.key`, "-out", `${folder}/ca.pem`],
    );
    const here = "IP:127.0.0.1";
    const rows: [what: string, name: string, days: number, trusted: boolean, told: string][] = [
      ["trusted, in its time, for this name", here, 2, true, "forwarded"],
      ["of an authority that is not trusted", here, 2, false, "unavailable platformx"],
      ["for another name", "DNS:other.example.com", 2, true, "unavailable platformx"],
      ["expired", here, -1, true, "unavailable platformx"],
    ];
    for (const [index, [what, name, days, trusted, told]] of rows.entries()) {
      await t.step(what, async () => {
        const tls = await certificate(folder, `leaf${index}`, { name, days });
        await using upstream = await startUpstream({ tls });
        await using service = await startService({
          GETDX_API_URL: `https://127.0.0.1:${upstream.port}/events.track`,
          GETDX_API_KEY: "key",
          DELIVERY_DEADLINE: "1s",
          ...(trusted ? { DENO_CERT: `${folder}/ca.pem` } : {}),
        });
        assert.equal(await service.tell(), told);
        assert.equal(upstream.requests, told === "forwarded" ? 1 : 0);
        assert.equal(/"seen":"tls_failed"/.test(service.log), told !== "forwarded");
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
