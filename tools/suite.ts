/** Runs the tests that need more than Deno: each suite by its word, its report in `build/reports/WORD.xml`. */
import { type Choice, choose } from "./choose.ts";
import effects from "./effects.json" with { type: "json" };

const SUITES: Readonly<Record<string, string>> = {
  browser: "the page in Chromium",
  built:
    "neighbours that are built first, which takes minutes: the OpenTelemetry Collector, Lambda, Kubernetes, Helm",
  compiled: "the executable that 'deno task compile' made",
  deploy: "systemd, Kubernetes and the release's steps",
  image: "the container image, built with buildah",
  postgres: "the outbox on a real PostgreSQL (Debian's postgresql and pgbouncer)",
  neighbours:
    "what stands beside it, as Debian has it: Prometheus, Squid, nginx, HAProxy, Caddy, a client like Coder's",
  "proof/faults": "disks that are full or read-only",
  "proof/hostile": "clients and an upstream that mean harm",
};

const test = (word: string, ...paths: readonly string[]) => [
  ...["test", "-q", "--no-prompt", "-P=tests", `--junit-path=build/reports/${word}.xml`],
  ...paths,
];

const folders = Object.entries(SUITES).map(([folder, about]): [string, Choice] => {
  const word = folder.split("/").at(-1)!;
  return [word, { about, command: test(word, `tests/${folder}`) }];
});

await choose("suite", {
  ...Object.fromEntries(folders),
  node: {
    about: "the program's tests, with the bundle on Node.js 24",
    command: ["run", "-q", "--no-prompt", "-P=tests", "tools/test_node.ts"],
  },
  unit: { about: "the pure modules, which hold on every system", command: test("unit", ...pureTests()) },
}, Deno.args);

/** Tests of modules that touch nothing of the machine: `tests/ROOM/MODULE_test.ts`. */
function pureTests(): string[] {
  const isPure = (room: string, name: string) => {
    const place = `${room}/${name.replace(/_test\.ts$/, ".ts")}`;
    return !Object.hasOwn(effects, place) && namesIn(`lib/${room}`).includes(place.slice(room.length + 1));
  };
  const tested = namesIn("tests");
  return namesIn("lib").filter((room) => tested.includes(room)).flatMap((room) =>
    namesIn(`tests/${room}`)
      .filter((name) => name.endsWith("_test.ts") && isPure(room, name))
      .map((name) => `tests/${room}/${name}`)
  );
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
