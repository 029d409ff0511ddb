/** A real API server with an empty store, and `kubectl` for it. No controller runs: what it takes stays as it is. */
import assert from "node:assert/strict";
import { startNeighbour } from "../neighbours/neighbour.ts";
import { eventually } from "../support/eventually.ts";
import { fileOf } from "../support/files.ts";
import { freePort, needs, run, succeed } from "../support/process.ts";
import { built } from "./built.ts";

const TOKEN = "of-the-administrator";

/** Starts the server, and etcd for it. The recipe's namespace is there. */
export async function startCluster() {
  const folder = await built("kubernetes");
  await needs("etcd", "apt-get install --no-install-recommends etcd-server");
  await using starting = new AsyncDisposableStack();
  const [store, peers, port] = [freePort(), freePort(), freePort()];
  const [here, there] = [`http://127.0.0.1:${store}`, `http://127.0.0.1:${peers}`];
  starting.use(
    await startNeighbour({
      program: "etcd",
      port: store,
      files: () => ({}),
      commandLine: (path) => [
        ...["etcd", "--data-dir", `${path}/data`],
        ...["--listen-client-urls", here, "--advertise-client-urls", here],
        ...["--listen-peer-urls", there, "--initial-advertise-peer-urls", there],
        ...["--initial-cluster", `default=${there}`],
      ],
    }),
  );
  const key = await succeed(["openssl", "genrsa", "2048"]);
  const program = `${folder}/kube-apiserver`;
  starting.use(
    await startNeighbour({
      program,
      port,
      files: () => ({ key, tokens: `${TOKEN},administrator,1,system:masters\n` }),
      commandLine: (path) => [
        program,
        ...[`--etcd-servers=${here}`, `--cert-dir=${path}/certificates`, "--endpoint-reconciler-type=none"],
        ...["--bind-address=127.0.0.1", `--secure-port=${port}`, "--service-cluster-ip-range=10.0.0.0/24"],
        ...["--authorization-mode=RBAC", `--token-auth-file=${path}/tokens`],
        ...["--service-account-issuer=https://kubernetes.default.svc"],
        ...[`--service-account-key-file=${path}/key`, `--service-account-signing-key-file=${path}/key`],
      ],
    }),
  );
  const address = `https://127.0.0.1:${port}`;
  const to = [`--server=${address}`, "--insecure-skip-tls-verify", `--token=${TOKEN}`];
  const kubectl = (args: readonly string[], stdin = "") =>
    run([`${folder}/kubectl`, ...to, ...args], {
      stdin,
      environment: { HOME: "/nowhere", PATH: "/usr/bin" },
    });
  const ready = () => kubectl(["get", "--raw", "/readyz"]);
  await eventually(ready, "the API server to be ready", {
    until: ({ stdout }) => stdout === "ok",
    every: 200,
  });
  await eventually(() => kubectl(["get", "namespace", "default"]), "its first namespace", {
    until: ({ code }) => code === 0,
    every: 200,
  });
  const namespace = await kubectl(["create", "-f", fileOf("deploy/kubernetes/namespace.yaml")]);
  assert.equal(namespace.code, 0, namespace.stderr);
  // The controller that makes it is no part of the API server.
  await kubectl(["create", "serviceaccount", "default", "--namespace=coder-platformx"]);
  const open = starting.move();
  /** How Helm reaches it. */
  const forHelm = [`--kube-apiserver=${address}`, `--kube-token=${TOKEN}`, "--kube-insecure-skip-tls-verify"];
  return { kubectl, forHelm, [Symbol.asyncDispose]: () => open.disposeAsync() };
}
