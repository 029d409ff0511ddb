import assert from "node:assert/strict";
import fc from "fast-check";
import { Authenticator } from "../../lib/http/auth.ts";

const SECRET = "s3cret";

function base64(text: string): string {
  return btoa(latin1(text));
}

/** A text's UTF-8, one code unit to a byte: as `Headers` gives what came over the wire. */
function latin1(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
}

/**
 * What Go 1.26's `http.Client` sent, seen on the wire, for `https://<userinfo>host/`: the shape of Coder's endpoint
 * setting.
 */
const SENT_BY_GO: readonly (readonly [userinfo: string, authorization: string, password: string])[] = [
  ["coder:s3cret@", "Basic Y29kZXI6czNjcmV0", "s3cret"],
  [":s3cret@", "Basic OnMzY3JldA==", "s3cret"],
  ["%C3%A4:s3cret@", "Basic w6Q6czNjcmV0", "s3cret"],
  ["coder:p%40ss%3Aw%2Ford%25@", "Basic Y29kZXI6cEBzczp3L29yZCU=", "p@ss:w/ord%"],
  ["coder:a:b@", "Basic Y29kZXI6YTpi", "a:b"],
  ["coder::@", "Basic Y29kZXI6Og==", ":"],
  ["coder:a+b@", "Basic Y29kZXI6YSti", "a+b"],
  ["coder:%20a%20b@", "Basic Y29kZXI6IGEgYg==", " a b"],
  ["coder:a=b&c$d,e;f@", "Basic Y29kZXI6YT1iJmMkZCxlO2Y=", "a=b&c$d,e;f"],
  ["coder:!~*'()_-.@", "Basic Y29kZXI6IX4qJygpXy0u", "!~*'()_-."],
  ["coder:p%C3%A4ssw%C3%B6rd@", "Basic Y29kZXI6cMOkc3N3w7ZyZA==", "pässwörd"],
  ["coder:%C3%A0@", "Basic Y29kZXI6w6A=", "à"],
  ["coder:%E7%A7%98%E5%AF%86%F0%9F%94%91@", "Basic Y29kZXI656eY5a+G8J+UkQ==", "秘密🔑"],
];

Deno.test("what Go sends for an endpoint with a secret is accepted for that secret, and for no other", async (t) => {
  for (const [userinfo, authorization, password] of SENT_BY_GO) {
    await t.step(`https://${userinfo}host/`, () => {
      assert.ok(new Authenticator([password]).accepts(authorization));
      assert.ok(!new Authenticator([`${password}x`]).accepts(authorization));
      assert.ok(!new Authenticator([`coder:${password}`]).accepts(authorization));
    });
  }
});

Deno.test("the secret is accepted as a bearer token too", async (t) => {
  // The last ones hold the bytes A0 and 85, which Unicode counts as white space when read one by one.
  for (const secret of [SECRET, "a:b", "a+/=", "pässwörd", "秘密🔑", "voilà", "Å…"]) {
    await t.step(secret, () => {
      assert.ok(new Authenticator([secret]).accepts(`Bearer ${latin1(secret)}`));
      assert.ok(!new Authenticator([secret]).accepts(`Bearer ${latin1(secret)}x`));
    });
  }
});

Deno.test("the name of the scheme may be in any letter case, and followed by several spaces", async (t) => {
  for (const [scheme, value] of [["Basic", base64(`coder:${SECRET}`)], ["Bearer", SECRET]] as const) {
    for (const name of [scheme, scheme.toLowerCase(), scheme.toUpperCase()]) {
      await t.step(name, () => {
        assert.ok(new Authenticator([SECRET]).accepts(`${name} ${value}`));
        assert.ok(new Authenticator([SECRET]).accepts(`${name}   ${value}`));
      });
    }
  }
});

Deno.test("while the secret is changed, the current and the previous one are accepted", () => {
  const authenticator = new Authenticator(["new", "old"]);
  for (const secret of ["new", "old"]) {
    assert.ok(authenticator.accepts(`Basic ${base64(`coder:${secret}`)}`), secret);
    assert.ok(authenticator.accepts(`Bearer ${secret}`), secret);
  }
  for (const other of ["newold", "new,old", "older", ""]) {
    assert.ok(!authenticator.accepts(`Basic ${base64(`coder:${other}`)}`), other);
  }
});

const NOT_ACCEPTED: readonly (string | null)[] = [
  null,
  "",
  " ",
  SECRET,
  "Basic",
  "Basic ",
  "Bearer",
  "Bearer ",
  `Basic ${base64("coder:wrong")}`,
  `Basic ${base64("coder:")}`,
  `Basic ${base64(":")}`,
  // No password: what Go sends for https://s3cret@host/.
  "Basic czNjcmV0Og==",
  // The whole is no user name and password.
  `Basic ${base64(SECRET)}`,
  `Basic ${base64(`coder:${SECRET}`)} ${SECRET}`,
  `Basic ${base64(`coder:${SECRET}\0`)}`,
  `Basic ${base64(`coder: ${SECRET}`)}`,
  `Basic ${base64(`coder:${SECRET.toUpperCase()}`)}`,
  `Basic coder:${SECRET}`,
  "Basic !!!!",
  "Basic ====",
  `Basic ${SECRET}`,
  `Bearer ${base64(`coder:${SECRET}`)}`,
  `Bearer ${SECRET}, Bearer ${SECRET}`,
  `Bearer\t${SECRET}`,
  `Digest ${SECRET}`,
  `Token ${SECRET}`,
  `XBearer ${SECRET}`,
  `Bearer "${SECRET}"`,
];

Deno.test("a wrong, empty or malformed credential is not accepted", async (t) => {
  for (const authorization of NOT_ACCEPTED) {
    await t.step(JSON.stringify(authorization), () => {
      assert.equal(new Authenticator([SECRET]).accepts(authorization), false);
      assert.equal(new Authenticator(["other", SECRET]).accepts(authorization), false);
    });
  }
});

Deno.test("without a secret everybody is accepted, and that can be seen", () => {
  const open = new Authenticator([]);
  assert.ok(open.isOpen);
  assert.ok(!new Authenticator([SECRET]).isOpen);
  for (const authorization of NOT_ACCEPTED) assert.ok(open.accepts(authorization), String(authorization));
});

Deno.test("secrets that are all empty let nobody in", () => {
  const authenticator = new Authenticator(["", ""]);
  assert.equal(authenticator.isOpen, false);
  for (const authorization of [null, "", `Basic ${base64("coder:")}`, "Bearer "]) {
    assert.ok(!authenticator.accepts(authorization), String(authorization));
  }
});

Deno.test("a path that holds a secret is recognised, however it is written", async (t) => {
  const rows: [path: string, holds: boolean][] = [
    ["/s3cret", true],
    ["/hook/xs3cretx", true],
    ["/%733cret", true],
    ["/s3cre", false],
    ["/", false],
    ["/p%C3%A4ss%2Fw%C3%B6rd", true],
    ["/p%c3%a4ss/w%c3%b6rd", true],
    ["/p%C3", false],
    ["/%", false],
  ];
  for (const [path, holds] of rows) {
    await t.step(path, () => assert.equal(new Authenticator([SECRET, "päss/wörd"]).occursIn(path), holds));
  }
  assert.equal(new Authenticator([""]).occursIn("/x"), false);
});

Deno.test("property: exactly the secret is accepted, whatever its characters, after any user name", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
  const user = text.filter((name) => !name.includes(":"));
  fc.assert(fc.property(text, text, user, (secret, other, name) => {
    const authenticator = new Authenticator([secret]);
    assert.ok(authenticator.accepts(`Basic ${base64(`${name}:${secret}`)}`));
    assert.equal(authenticator.accepts(`Basic ${base64(`${name}:${other}`)}`), other === secret);
  }));
});

Deno.test("property: no header makes it throw", () => {
  const value = fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.constantFrom("", "=", ":"));
  fc.assert(fc.property(fc.constantFrom("Basic ", "Bearer ", ""), value, (scheme, rest) => {
    assert.equal(typeof new Authenticator([SECRET]).accepts(scheme + rest), "boolean");
  }));
});
