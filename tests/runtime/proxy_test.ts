import assert from "node:assert/strict";
import { proxyTo, type Way } from "../../lib/runtime/proxy.ts";

const DX = "https://api.getdx.com/events.track";

/** The environment a row describes: NAME=value, separated by spaces. */
function environmentOf(row: string): (name: string) => string | undefined {
  const entries = new Map(row.split(" ").map((entry) => entry.split(/=(.*)/s) as [string, string]));
  return (name) => entries.get(name);
}

Deno.test("the proxy told is the one that Deno takes, without credentials", async (t) => {
  const proxy = (variable: string, host: string, scheme = "http"): Way => ({
    kind: "proxy",
    variable,
    scheme,
    host,
  });
  const excepted: Way = { kind: "excepted", variable: "ALL_PROXY" };
  const direct: Way = { kind: "direct" };
  const rows: [environment: string, url: string, way: Way, unusable?: string[]][] = [
    ["", DX, direct],
    ["HTTPS_PROXY=http://px:3128", DX, proxy("HTTPS_PROXY", "px:3128")],
    ["https_proxy=http://px:3128/", DX, proxy("https_proxy", "px:3128")],
    ["https_proxy=http://b:1 HTTPS_PROXY=http://a:1", DX, proxy("HTTPS_PROXY", "a:1")],
    ["HTTPS_PROXY=http://a:1 all_proxy=socks5://b:1", DX, proxy("all_proxy", "b:1", "socks5")],
    ["HTTPS_PROXY=px:3128", DX, proxy("HTTPS_PROXY", "px:3128")],
    ["HTTPS_PROXY=https://user:pass@[fd00::1]:3128", DX, proxy("HTTPS_PROXY", "[fd00::1]:3128", "https")],
    ["HTTP_PROXY=http://px:3128", DX, direct],
    ["HTTPS_PROXY=http://px:3128", "http://dx.example/", direct],
    ["http_proxy=http://px:3128", "http://dx.example/", proxy("http_proxy", "px:3128")],
    ["HTTPS_PROXY=", DX, direct],
    ["HTTPS_PROXY=ftp://px:3128", DX, direct, ["HTTPS_PROXY"]],
    ["HTTPS_PROXY=http://user:pa/ss@px:3128", DX, direct, ["HTTPS_PROXY"]],
    ["HTTPS_PROXY=http://user:p@ss@px:3128", DX, direct, ["HTTPS_PROXY"]],
    ["HTTPS_PROXY=http://user@px:3128 https_proxy=http://b:1", DX, proxy("https_proxy", "b:1"), [
      "HTTPS_PROXY",
    ]],
    ["ALL_PROXY=http://a:1 NO_PROXY=getdx.com", DX, excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=.getdx.com", DX, excepted],
    ["ALL_PROXY=http://a:1 no_proxy=x,api.getdx.com", DX, excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=*", DX, excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=dx.com", DX, proxy("ALL_PROXY", "a:1")],
    ["ALL_PROXY=http://a:1 NO_PROXY= no_proxy=getdx.com", DX, proxy("ALL_PROXY", "a:1")],
    ["ALL_PROXY=http://a:1 NO_PROXY=10.0.0.0/8", "https://10.2.3.4/", excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=10.0.0.0/8", "https://11.2.3.4/", proxy("ALL_PROXY", "a:1")],
    ["ALL_PROXY=http://a:1 NO_PROXY=10.2.3.4", "https://10.2.3.4/", excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=fd00::1", "https://[fd00::1]/", excepted],
    ["ALL_PROXY=http://a:1 NO_PROXY=*", "https://10.2.3.4/", proxy("ALL_PROXY", "a:1")],
  ];
  for (const [environment, url, way, unusable = []] of rows) {
    await t.step(`${environment} ${url}`, () => {
      assert.deepEqual(proxyTo(url, environmentOf(environment)), { way, unusable });
    });
  }
});
