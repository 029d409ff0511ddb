/** What is wrong with a file of a recipe, compared with what the service takes. */
import { parsedEnvironment, textsOf } from "../support/settings.ts";
import { KNOWN_NAMES, VARIABLE_ROWS } from "../../lib/config/variables.ts";
import { documentsOf, type Environment, environmentsOf, isRecord, type RecipeFile } from "./read.ts";

/** Variables in recipes that are not for the service, and whose they are. */
export const OTHERS: readonly { readonly name: RegExp; readonly where: RegExp; readonly because: string }[] =
  [
    { name: /^CODER_NOTIFICATIONS_\w+$/, where: /^deploy\//, because: "Coder's own settings" },
    {
      name: /^(?:CODER_(?:PG_CONNECTION_URL|HTTP_ADDRESS|ACCESS_URL)|POSTGRES_\w+)$/,
      where: /^deploy\/container\//,
      because: "of Coder and of its database, beside the service",
    },
    {
      name: /^DENO_USE_CGROUPS$/,
      where: /^(?:Dockerfile$|deploy\/container\/)/,
      because: "of Deno's runtime, which goes by the container's memory",
    },
    {
      name: /^(?:VERSION|REVISION|BUILD_IMAGE|RUN_IMAGE)$/,
      where: /^deploy\/container\//,
      because: "arguments of the image's build",
    },
    { name: /^AWS_LWA_\w+$/, where: /^deploy\/lambda\//, because: "the Lambda Web Adapter's" },
    { name: /^AWS_(?:REGION|IAM)$/, where: /^deploy\/lambda\//, because: "of AWS's command line" },
    { name: /^IMAGE$/, where: /^deploy\/lambda\//, because: "an argument of the adapted image's build" },
  ];

/** Ports that are not the service's. */
const OTHER_PORTS: Readonly<Record<number, string>> = {
  53: "names are looked up there",
  80: "a proxy, or a Service of Kubernetes, in front",
  4318: "a collector of OpenTelemetry",
  5432: "a PostgreSQL server",
  7080: "Coder",
  443: "PlatformX, or a proxy in front",
};

const ROW = new Map(VARIABLE_ROWS.map((row) => [row.name, row]));
const PORT = Number(ROW.get("PORT")?.fallback);

/** One sentence per problem; none: the file agrees with the service. */
export function problemsOf(file: RecipeFile): readonly string[] {
  let environments: readonly Environment[];
  try {
    environments = environmentsOf(file);
  } catch (error) {
    return [`cannot be read: ${error instanceof Error ? error.message.split("\n")[0] : error}`];
  }
  const problems = [
    ...environments.flatMap(({ settings }) =>
      [...settings.keys()].flatMap((name) => nameProblem(name, file.path))
    ),
    ...environments.flatMap((environment) => valueProblems(environment, file.path)),
    ...environments.flatMap(placeProblems),
    ...portProblems(file.text, environments),
    ...pathProblems(file),
  ];
  return [...new Set(problems)];
}

function nameProblem(name: string, path: string): readonly string[] {
  if (KNOWN_NAMES.includes(name)) return [];
  if (OTHERS.some((other) => other.name.test(name) && other.where.test(path))) return [];
  return [`${name} is no variable of the service`];
}

/** What the service itself would say about these settings. */
function valueProblems({ settings }: Environment, path: string): readonly string[] {
  const given = new Map<string, string>(
    path.startsWith("deploy/deno_deploy/") ? [["DENO_DEPLOY", "true"]] : [],
  );
  for (const [name, value] of settings) {
    const row = ROW.get(name);
    // What the reader fills in, or the platform hands over, is taken to be right.
    const isLeftOpen = value === "" || /^put-the-[a-z-]+-here$/.test(value ?? "");
    const known = isLeftOpen && row?.secret ? undefined : value;
    const unknown = row?.secret || name.endsWith("_FILE") ? "filled-in" : row?.fallback;
    if (known !== undefined || unknown !== undefined) given.set(name, known ?? unknown!);
  }
  if (given.get("OUTBOX") === "postgres") {
    given.set("DATABASE_URL", "postgres://name:password@db.example.com/outbox");
  }
  for (const name of ["GETDX_API_KEY", "WEBHOOK_SECRET"]) {
    if (!given.has(name) && !given.has(`${name}_FILE`)) given.set(name, "filled-in");
  }
  const texts = new Map([
    [given.get("TLS_CERT_FILE"), "-----BEGIN CERTIFICATE-----"],
    [given.get("TLS_KEY_FILE"), "-----BEGIN PRIVATE KEY-----"],
    [given.get("OUTBOX_FILE"), "postgres://name:password@db.example.com/outbox"],
  ]);
  const readFile = (of: string) => texts.get(of) ?? "filled-in";
  const parsed = parsedEnvironment(Object.fromEntries(given), readFile);
  // Documents name one setting at a time, so half of a pair is no problem there.
  const alone = settings.size === 1;
  return "problems" in parsed
    ? textsOf(parsed.problems).filter((problem) =>
      !(alone && /are both set|set together|not be set without/.test(problem))
    )
    : [];
}

/** Files that settings name must be where something is mounted, and the outbox where all recipes have it. */
function placeProblems({ settings, mounts }: Environment): readonly string[] {
  return [...settings].flatMap(([name, value]) => {
    if (value === undefined) return [];
    const path = value.replace(/^%S/, "/var/lib");
    const isOutbox = name === "OUTBOX" && path.startsWith("/");
    if (!isOutbox && !(name.endsWith("_FILE") && KNOWN_NAMES.includes(name))) return [];
    const home = isOutbox && !/^\/(?:data|var\/lib\/coder-platformx)\/outbox\.db$/.test(path);
    const isMounted = mounts?.some((mount) =>
      path === mount || path.startsWith(`${mount.replace(/\/$/, "")}/`)
    );
    return [
      ...home
        ? [`OUTBOX is ${value}: recipes have it in /data or /var/lib/coder-platformx, as outbox.db`]
        : [],
      ...isMounted === false ? [`${name} is ${value}, where nothing is mounted`] : [],
    ];
  });
}

const PORTS = [
  /(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d+)(?![\d:])/g,
  /\b(?:containerPort|targetPort|port): *(\d+)/g,
  /^EXPOSE +(\d+)/gm,
  /^ *- *"?(?:[\d.]+:)?\d+:(\d+)"? *$/gm,
  /(?<![\w])-p(?:ublish)?[ =](?:[\d.]+:)?\d+:(\d+)/g,
  /--port[= ](\d+)/g,
];

function portProblems(text: string, environments: readonly Environment[]): readonly string[] {
  const own = environments.map(({ settings }) => Number(settings.get("PORT") ?? PORT));
  return PORTS.flatMap((pattern) => [...text.matchAll(pattern)]).map(([, port]) => Number(port))
    .filter((port) => ![PORT, ...own].includes(port) && !(port in OTHER_PORTS))
    .map((port) => `port ${port} is not ${PORT}, on which the service listens`);
}

const AT_PORT = new RegExp(`https?://[\\w.\\[\\]:]+:${PORT}(/[^\\s"'\`)]*)`, "g");

/** Paths that are asked for at the service's port, and in probes. */
function pathProblems({ path, text }: RecipeFile): readonly string[] {
  // A sentence goes on after a path.
  const asked = [...text.matchAll(AT_PORT)].map(([, to]) => to!.replace(/[.,;:)]+$/, ""));
  const probed = /\.ya?ml$/.test(path) ? documentsOf(text).flatMap(pathsOf) : [];
  return [...asked, ...probed].filter((to) => !/^\/(?:metrics)?(?:\?.*)?$/.test(to))
    .map((to) => `path ${to} is not / or /metrics: the service has no other`);
}

function pathsOf(node: unknown): readonly string[] {
  if (Array.isArray(node)) return node.flatMap(pathsOf);
  if (!isRecord(node)) return [];
  const probe = isRecord(node.httpGet) ? [node.httpGet.path] : [];
  const scraped = [
    node.metrics_path,
    isRecord(node.annotations) ? node.annotations["prometheus.io/path"] : undefined,
  ];
  return [
    ...[...probe, ...scraped].filter((path) => path !== undefined).map(String),
    ...Object.values(node).flatMap(pathsOf),
  ];
}
