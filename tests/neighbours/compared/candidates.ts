/** What a user could take for the job, set up as its documents say: see the files beside this one. */
import { eventually } from "../../support/eventually.ts";
import { Child, freePort, succeed, untilListening } from "../../support/process.ts";
import { fileOf } from "../../support/files.ts";
import { machine, programOfEnvironment } from "../../support/program.ts";

/** Where it is told to listen and to send, and what it has to know. */
export interface Setting {
  readonly port: number;
  readonly apiUrl: string;
  readonly key: string;
  readonly secret: string;
  /** Its own, which outlives a restart. */
  readonly folder: string;
}

/** One of them. */
export interface Candidate {
  readonly name: string;
  /** Where Coder sends, below its address. */
  readonly path: string;
  /** Done once, before the first start. What it starts beside, it leaves on the stack. */
  readonly prepare?: (setting: Setting, stack: AsyncDisposableStack) => Promise<void>;
  /** Writes into its folder what it keeps elsewhere. */
  readonly dump?: (setting: Setting) => Promise<void>;
  readonly start: (setting: Setting) => Child;
}

/** Where `install.sh` put the packages. */
const INSTALLED = fileOf("build/neighbours/compared");
const NODE_BIN = `${INSTALLED}/node/node_modules/.bin`;

/** Debian 12's PostgreSQL. */
const POSTGRES = "/usr/lib/postgresql/15/bin";

const text = (name: string) => Deno.readTextFile(fileOf(`tests/neighbours/compared/${name}`));

function own(name: string, more: Readonly<Record<string, string>>): Candidate {
  return {
    name,
    path: "",
    start: ({ port, apiUrl, key, secret, folder }) =>
      new Child(programOfEnvironment(), {
        cwd: folder,
        environment: {
          ...machine(),
          ...{ HOST: "127.0.0.1", PORT: String(port), GETDX_API_URL: apiUrl, GETDX_API_KEY: key },
          // The others know no limit: with the usual 300 a minute it would wait where they do not.
          ...{ WEBHOOK_SECRET: secret, EVENTS_TRACKED: "*", GETDX_RATE_LIMIT: "0", ...more },
        },
      }),
  };
}

/** Variables that each of the others is given. */
function environment({ port, apiUrl, key, secret, folder }: Setting): Record<string, string> {
  return {
    ...{ PATH: `${NODE_BIN}:${Deno.env.get("PATH")}`, HOME: folder, PORT: String(port) },
    ...{ GETDX_API_URL: apiUrl, GETDX_API_KEY: key, WEBHOOK_SECRET: secret },
  };
}

const nodeRed: Candidate = {
  name: "Node-RED",
  path: "coder",
  async prepare({ folder }) {
    await Deno.writeTextFile(`${folder}/flow.json`, await text("node_red_flow.json"));
    await Deno.writeTextFile(`${folder}/settings.js`, await text("node_red_settings.js"));
    await Deno.symlink(`${INSTALLED}/node_red/node_modules`, `${folder}/node_modules`);
  },
  start: (setting) =>
    new Child([
      `${NODE_BIN}/node`,
      `${INSTALLED}/node_red/node_modules/node-red/red.js`,
      "-u",
      setting.folder,
      "flow.json",
    ], {
      cwd: setting.folder,
      environment: environment(setting),
    }),
};

const webhook: Candidate = {
  name: "webhook",
  path: "hooks/coder",
  async prepare({ folder, secret }) {
    const hooks = (await text("webhook_hooks.json")).replace("FOLDER", fileOf("tests/neighbours/compared"))
      .replace("AUTHORIZATION", `Basic ${btoa(`coder:${secret}`)}`);
    await Deno.writeTextFile(`${folder}/hooks.json`, hooks);
  },
  start: (setting) =>
    new Child(
      ["webhook", "-verbose", "-hooks", "hooks.json", "-ip", "127.0.0.1", "-port", String(setting.port)],
      { cwd: setting.folder, environment: environment(setting) },
    ),
};

/** Where n8n's database listens, for each of its places. */
const databasePorts = new Map<string, number>();

function n8nEnvironment(setting: Setting): Record<string, string> {
  return {
    ...environment(setting),
    ...{ N8N_USER_FOLDER: setting.folder, N8N_PORT: String(setting.port), N8N_LISTEN_ADDRESS: "127.0.0.1" },
    ...{ N8N_DIAGNOSTICS_ENABLED: "false", N8N_VERSION_NOTIFICATIONS_ENABLED: "false" },
    ...{ DB_TYPE: "postgresdb", DB_POSTGRESDB_HOST: "127.0.0.1", DB_POSTGRESDB_DATABASE: "postgres" },
    ...{ DB_POSTGRESDB_USER: "n8n", DB_POSTGRESDB_PORT: String(databasePorts.get(setting.folder)) },
  };
}

const n8nLine = (...args: readonly string[]) => [
  ...[`${NODE_BIN}/node`, `${INSTALLED}/n8n/node_modules/n8n/bin/n8n`],
  ...args,
];

const n8n: Candidate = {
  name: "n8n",
  path: "webhook/coder",
  async prepare(setting, stack) {
    const { folder, apiUrl, key, secret } = setting;
    const port = freePort();
    databasePorts.set(folder, port);
    const data = `${folder}/postgres`;
    await succeed(["install", "-d", "-o", "postgres", data]);
    const asPostgres = (...line: readonly string[]) => ["runuser", "-u", "postgres", "--", ...line];
    await succeed(asPostgres(`${POSTGRES}/initdb`, "-D", data, "-A", "trust", "-U", "n8n"));
    const where = ["-D", data, "-p", String(port), "-k", data, "-c", "listen_addresses=127.0.0.1"];
    const server = stack.use(new Child(asPostgres(`${POSTGRES}/postgres`, ...where)));
    await untilListening(port, "PostgreSQL", server);
    await Deno.writeTextFile(
      `${folder}/workflow.json`,
      (await text("n8n_workflow.json")).replace("API_URL", apiUrl),
    );
    const credentials = [
      { id: "coder", name: "Coder", type: "httpBasicAuth", data: { user: "coder", password: secret } },
      {
        ...{ id: "platformx", name: "PlatformX", type: "httpHeaderAuth" },
        data: { name: "Authorization", value: `Bearer ${key}` },
      },
    ];
    await Deno.writeTextFile(`${folder}/credentials.json`, JSON.stringify(credentials));
    for (
      const args of [
        ["import:credentials", `--input=${folder}/credentials.json`],
        ["import:workflow", `--input=${folder}/workflow.json`],
        ["publish:workflow", "--id=coderToPlatformX"],
      ]
    ) await succeed(n8nLine(...args), { environment: n8nEnvironment(setting) });
    await Deno.remove(`${folder}/credentials.json`);
  },
  start: (setting) =>
    new Child(n8nLine("start"), { cwd: setting.folder, environment: n8nEnvironment(setting) }),
  async dump({ folder }) {
    const port = String(databasePorts.get(folder));
    const dump = await succeed([
      `${POSTGRES}/pg_dump`,
      "-h",
      "127.0.0.1",
      "-p",
      port,
      "-U",
      "n8n",
      "postgres",
    ]);
    await Deno.writeTextFile(`${folder}/database.sql`, dump);
  },
};

/** All, by the word that chooses one. */
export const CANDIDATES: Readonly<Record<string, Candidate>> = {
  direct: own("coder-platformx, direct", {}),
  outbox: own("coder-platformx, outbox", { OUTBOX: "outbox.db" }),
  node_red: nodeRed,
  n8n,
  webhook,
};

/** A candidate that knows its path: it asks who does not tell the secret for it. */
export async function startCandidate(candidate: Candidate, setting: Setting): Promise<Child> {
  const child = candidate.start(setting);
  await untilListening(setting.port, candidate.name, child);
  const ask = async () => {
    const answer = await fetch(`http://127.0.0.1:${setting.port}/${candidate.path}`, { method: "POST" });
    await answer.body?.cancel();
    return answer.status;
  };
  await eventually(ask, `401 from ${candidate.name}`, {
    until: (status) => status === 401,
    seen: () => child.told,
  });
  return child;
}

/** A place for a candidate. */
export function placeFor(folder: string, apiUrl: string): Setting {
  return { port: freePort(), apiUrl, key: "the-project-key-9c41", secret: "the-webhook-secret-77ab", folder };
}
