import assert from "node:assert/strict";
import { messageIn } from "./http_message.ts";

Deno.test("a message is complete when its body is there, whose length its head tells", async (t) => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nvary: x";
  const [empty, other] = ["HTTP/1.1 204 No Content", "HTTP/1.1 200 OK\r\nx-content-length: 9"];
  const chunked = "POST / HTTP/1.1\r\ntransfer-encoding: chunked";
  const rows: [text: string, body: string | undefined, rest?: string][] = [
    ["", undefined],
    ["HTTP/1.1 200 OK\r\nContent-Length: 11\r\n", undefined],
    [`${head}\r\n\r\n`, undefined],
    [`${head}\r\n\r\n{"ok":true`, undefined],
    [`${head}\r\n\r\n{"ok":true}`, '{"ok":true}', ""],
    [`${head}\r\n\r\n{"ok":true}GET /`, '{"ok":true}', "GET /"],
    [`${empty}\r\n\r\n`, "", ""],
    [`${other}\r\n\r\nabc`, "", "abc"],
    [`${chunked}\r\n\r\n3\r\nabc\r\na\r\n012345\r\n`, undefined],
    [`${chunked}\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\nGET`, "abcde", "GET"],
    [`${chunked}\r\n\r\nno size\r\n\r\n`, undefined],
  ];
  for (const [text, body, rest] of rows) {
    await t.step(JSON.stringify(text), () => {
      const message = messageIn(text);
      assert.deepEqual([message?.body, message?.rest], [body, rest]);
      if (message !== undefined) assert.equal(message.head, text.slice(0, text.indexOf("\r\n\r\n")));
    });
  }
});
