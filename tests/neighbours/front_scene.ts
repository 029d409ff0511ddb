/** The service between Coder's client and PlatformX, with one of the servers of `deploy/proxy` in front. */
import { notificationWith } from "../support/fakes.ts";
import { STAND_IN_KEY, type StandIn, startPlatformX } from "../support/platformx.ts";
import { freePort } from "../support/process.ts";
import { type Program as Service, startProgram } from "../support/service.ts";
import { type Coder, startCoder } from "./coder.ts";
import { type Changes, type Front, type Program, startFront } from "./front.ts";

/** Of webhooks. */
export const SECRET = "of-the-webhook";

/** All of it. */
export interface Scene extends AsyncDisposable {
  readonly platformX: StandIn;
  readonly front: Front;
  /** Knows the secret. */
  readonly coder: Coder;
  /** A Coder whose endpoint has no secret: what makes it say 401 is the service. */
  readonly stranger: Coder;
  /** The service; a further one is another instance of it. */
  readonly services: readonly Service[];
  /** Starts the service at its place, where it was stopped. */
  startAgain(): Promise<void>;
}

/**
 * Starts all of it.
 *
 * @param options.path in Coder's endpoint, without the slash at its beginning
 * @param options.changes what is otherwise than documented; `OTHER` in it is the address of a further instance
 */
export async function openScene(
  program: Program,
  { path = "", changes = [] }: { readonly path?: string; readonly changes?: Changes } = {},
): Promise<Scene> {
  await using opening = new AsyncDisposableStack();
  const platformX = opening.use(await startPlatformX());
  const start = async (port: number) => {
    const settings = { GETDX_API_URL: platformX.url, GETDX_API_KEY: STAND_IN_KEY, WEBHOOK_SECRET: SECRET };
    return opened.use(await startProgram({ environment: { ...settings, PORT: String(port) } }));
  };
  const opened = opening.use(new AsyncDisposableStack());
  const ports = changes.some(([, to]) => to.includes("OTHER")) ? [freePort(), freePort()] : [freePort()];
  const services = await Promise.all(ports.map(start));
  const [first = 0, other = 0] = ports;
  const written = changes.map(([from, to]) => [from, to.replaceAll("OTHER", `127.0.0.1:${other}`)] as const);
  const front = opening.use(
    await startFront(program, { service: `http://127.0.0.1:${first}/`, secret: SECRET, changes: written }),
  );
  const coder = opening.use(await startCoder(front.endpoint + path, front.caFile));
  const stranger = opening.use(await startCoder(front.url + path, front.caFile));
  const open = opening.move();
  return {
    platformX,
    front,
    coder,
    stranger,
    services,
    startAgain: async () => void services.splice(0, 1, await start(first)),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** A webhook about a person of this name, who has no other. */
export function webhookAbout(name: string) {
  const owner = { id: crypto.randomUUID(), email: `${name}@example.com` };
  return notificationWith({ data: { owner, workspace: { id: owner.id, name } } }, crypto.randomUUID());
}
