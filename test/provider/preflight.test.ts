import {
  GenericContainer,
  Network,
  Wait,
  type StartedNetwork,
  type StartedTestContainer,
} from "testcontainers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Credentials, Login } from "../../components/engine/credentials.ts";
import type { DeploymentTarget } from "../../components/engine/deploymentTarget.ts";
import { DEFAULT_GUARDRAILS } from "../../components/engine/guardrails.ts";
import type { CheckResult } from "../../components/engine/preflight/checkResult.ts";
import { formatCheck } from "../../components/engine/preflight/checkResult.ts";
import type { PreflightInput } from "../../components/engine/preflight/facts.ts";
import { runPreflight } from "../../components/engine/preflight/runPreflight.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { OPERATOR_USER, PROXY_USER } from "../../components/engine/users.ts";
import { until } from "../../components/engine/until.ts";

const PASSWORD = "operator-password-of-this-test";
const ADMIN: Login = { username: "default" };

const credentials: Credentials = {
  application: ADMIN,
  replication: ADMIN,
  operator: { username: OPERATOR_USER, password: PASSWORD },
};

/** What the preflight runs, and what a cutover runs, which it asks about. */
const OPERATOR_RIGHTS = [
  "+ping +info +config|get +client|list +client|setname +acl|whoami +acl|users +acl|getuser +acl|dryrun +set",
  "+bgsave +replicaof +config|set +config|rewrite +client|pause +client|kill +client|unpause +acl|setuser",
].join(" ");

/** A server as a deployment has it: a file that it may write to, and the users. Heartbeats off, so that offsets rest. */
const CONFIG = [
  "save ''",
  "protected-mode no",
  "repl-ping-replica-period 3600",
  "repl-diskless-sync-delay 0",
  `user ${OPERATOR_USER} on >${PASSWORD} ~redis-bluegreen:* -@all ${OPERATOR_RIGHTS}`,
  `user ${PROXY_USER} on nopass -@all +ping +role`,
].join("\\n");

interface Running {
  container: StartedTestContainer;
  target: DeploymentTarget;
  admin: RedisServer;
}

let network: StartedNetwork;
const running: Running[] = [];

async function start(image: string, colour: "blue" | "green"): Promise<Running> {
  const product = image.startsWith("valkey") ? "valkey" : "redis";
  const container = await new GenericContainer(image)
    .withCommand([
      "sh",
      "-c",
      `printf "${CONFIG}" > /tmp/redis.conf && exec ${product}-server /tmp/redis.conf`,
    ])
    .withNetwork(network)
    .withLabels({ "redis-bluegreen-test": "preflight" })
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  const operator = { host: "127.0.0.1", port: container.getMappedPort(6379) };
  const target: DeploymentTarget = {
    colour,
    product,
    version: image.slice(image.indexOf(":") + 1),
    primary: { operator, peer: { host: container.getIpAddress(network.getName()), port: 6379 } },
    replicas: [],
    external: false,
  };
  const server = { container, target, admin: await RedisServer.connect(operator, ADMIN) };
  running.push(server);
  return server;
}

/** Until the live server knows, by an acknowledgement each second, that its standby has every byte. */
async function link(live: Running, standby: Running): Promise<void> {
  const { host, port } = live.target.primary.peer;
  await standby.admin.call("REPLICAOF", host, port);
  const inSync = async () => {
    const [from, to] = await Promise.all([live.admin.replication(), standby.admin.replication()]);
    const isAcknowledged = from.replicas.every(({ offset }) => offset === from.offset);
    return to.linkUp && to.offset === from.offset && isAcknowledged ? true : undefined;
  };
  await until(inSync, { timeoutMs: 60_000, intervalMs: 20, what: "the standby is in sync" });
}

function preflight(input: Pick<PreflightInput, "live"> & Partial<PreflightInput>): Promise<CheckResult[]> {
  const standbyDeployed = input.standby !== undefined;
  return runPreflight({
    standbyDeployed,
    cutover: true,
    credentials,
    guardrails: DEFAULT_GUARDRAILS,
    pathPrefix: "config:",
    ...input,
  });
}

function outcomeOf(results: CheckResult[], name: string): CheckResult["outcome"] | undefined {
  return results.find((result) => result.name === name)?.outcome;
}

const READ_ONLY =
  /^(acl|acl\|(whoami|users|getuser|dryrun|list)|auth|client|client\|(list|setname)|config|config\|get|info|ping|set|dbsize|hello)$/;

/** All of a server that a preview must leave alone. */
async function fingerprint({ admin, container }: Running) {
  const info = await admin.info("all");
  return {
    config: await admin.configGet("*"),
    file: (await container.exec(["cat", "/tmp/redis.conf"])).output,
    users: await admin.call("ACL", "LIST"),
    keys: await admin.call("DBSIZE"),
    replication: await admin.replication(),
    dirty: info.get("rdb_changes_since_last_save"),
    saves: info.get("rdb_last_save_time"),
    commands: [...info.keys()]
      .filter((field) => field.startsWith("cmdstat_") && !READ_ONLY.test(field.slice(8)))
      .sort(),
  };
}

beforeAll(async () => {
  network = await new Network().start();
});

afterAll(async () => {
  for (const { admin, container } of running) {
    admin.close();
    await container.stop({ timeout: 1_000 });
  }
  await network.stop();
});

describe.each([
  { live: "redis:6.0", standby: "redis:7.0", verdict: "fail" },
  { live: "redis:7.0", standby: "redis:8.0", verdict: "pass" },
  { live: "redis:7.0", standby: "valkey/valkey:8.1", verdict: "pass" },
  { live: "redis:8.0", standby: "redis:8.0", verdict: "pass" },
])("$live with $standby beside it", ({ live: liveImage, standby: standbyImage, verdict }) => {
  let live: Running;
  let standby: Running;

  beforeAll(async () => {
    [live, standby] = await Promise.all([start(liveImage, "blue"), start(standbyImage, "green")]);
    await live.admin.call("MSET", "a", "1", "b", "2");
    await link(live, standby);
  });

  it("passes, but for what the versions say about the way back", async () => {
    const results = await preflight({ live: live.target, standby: standby.target });
    const failed = results.filter(({ outcome }) => outcome === "fail").map(({ name }) => name);
    expect(failed).toEqual(verdict === "fail" ? ["rollback"] : []);
    expect(outcomeOf(results, "rollback")).toBe(verdict);
    expect(outcomeOf(results, "write test")).toBe("pass");
    expect(outcomeOf(results, "keys")).toBe("pass");
    expect(results.map(formatCheck).join("\n")).not.toContain(PASSWORD);
  });

  it("changes nothing on either server", async () => {
    const before = [await fingerprint(live), await fingerprint(standby)];
    await preflight({ live: live.target, standby: standby.target });
    expect([await fingerprint(live), await fingerprint(standby)]).toEqual(before);
  });

  it("takes no difference for divergence while new keys are written", async () => {
    const writes = { going: true };
    const writer = (async () => {
      for (let n = 0; writes.going; n++) await live.admin.call("SET", `key:${n}`, "value");
    })();
    const runs: CheckResult[][] = [];
    for (let n = 0; n < 5; n++) runs.push(await preflight({ live: live.target, standby: standby.target }));
    writes.going = false;
    await writer;
    expect(runs.map((results) => outcomeOf(results, "keys"))).toEqual(Array(5).fill("pass"));
    expect(runs.map((results) => outcomeOf(results, "lag"))).toEqual(Array(5).fill("pass"));
  });

  it("finds a live colour that refuses writes", async () => {
    await live.admin.configSet("min-replicas-to-write", 1_000_000);
    const results = await preflight({ live: live.target });
    await live.admin.configSet("min-replicas-to-write", 0);
    expect(outcomeOf(results, "role of live")).toBe("fail");
    expect(outcomeOf(results, "write test")).toBe("fail");
  });

  it("finds what somebody has set on the live server by hand", async () => {
    expect(outcomeOf(await preflight({ live: live.target, standby: standby.target }), "settings")).toBe(
      "pass",
    );
    await live.admin.configSet("notify-keyspace-events", "KEA");
    const results = await preflight({ live: live.target, standby: standby.target });
    await live.admin.configSet("notify-keyspace-events", "");
    const settings = results.find(({ name }) => name === "settings");
    expect(settings).toMatchObject({
      outcome: "warn",
      figure: 'notify-keyspace-events AKE on blue, "" on green',
    });
  });

  it("finds the roles swapped in the config", async () => {
    const results = await preflight({ live: standby.target, standby: live.target });
    expect(outcomeOf(results, "role of live")).toBe("fail");
    expect(outcomeOf(results, "role of standby")).toBe("fail");
    expect(outcomeOf(results, "write test")).toBe("fail");
  });

  it("finds a standby that no longer follows and has diverged", async () => {
    await standby.admin.call("REPLICAOF", "NO", "ONE");
    await standby.admin.call("SET", "stray", "1");
    const results = await preflight({ live: live.target, standby: standby.target });
    const repairing = await preflight({ live: live.target, standby: standby.target, cutover: false });
    expect(results.find(({ name }) => name === "role of standby")).toMatchObject({ outcome: "fail" });
    expect(outcomeOf(results, "link")).toBe("fail");
    expect(outcomeOf(repairing, "link")).toBe("warn");
    await standby.admin.call("DEL", "stray");
    await link(live, standby);
  });

  it("judges a standby that is not deployed yet by its configured version", async () => {
    const planned = {
      ...standby.target,
      primary: { operator: { host: "127.0.0.1", port: 1 }, peer: standby.target.primary.peer },
    };
    const results = await preflight({
      live: live.target,
      standby: planned,
      standbyDeployed: false,
      cutover: false,
    });
    expect(results.filter(({ outcome }) => outcome === "fail")).toEqual([]);
    expect(outcomeOf(results, "rollback")).toBe(verdict === "fail" ? "warn" : "pass");
  });
});

describe("a server that can't be asked", () => {
  it("is a failed check that says what to do", async () => {
    const { target } = running.find((server) => server.target.colour === "blue")!;
    const nowhere = { ...target, primary: { ...target.primary, operator: { host: "127.0.0.1", port: 1 } } };
    const [result] = await preflight({ live: nowhere });
    expect(result).toMatchObject({ name: "blue reachable", outcome: "fail" });
    expect(result?.figure).toContain("127.0.0.1:1");
    expect(result?.cure).toContain("config:blue");
  });

  it("is a failed check without the password when the login is refused", async () => {
    const { target } = running.find((server) => server.target.colour === "blue")!;
    const wrong = { ...target, login: { username: OPERATOR_USER, password: "wrong-secret" } };
    const results = await preflight({ live: wrong });
    expect(results).toHaveLength(1);
    expect(results[0]?.cure).toContain("check the operator's login");
    expect(formatCheck(results[0]!)).not.toContain("wrong-secret");
  });

  it("names the commands that the operator lacks", async () => {
    const { target, admin } = running.filter((server) => server.target.colour === "blue")[1]!;
    await admin.call(
      "ACL",
      "SETUSER",
      "weak",
      "on",
      ">weak-secret",
      "~redis-bluegreen:*",
      "-@all",
      "+ping",
      "+info",
      "+set",
    );
    const results = await preflight({
      live: { ...target, login: { username: "weak", password: "weak-secret" } },
    });
    await admin.call("ACL", "DELUSER", "weak");
    const rights = results.find(({ name }) => name === "blue rights");
    expect(rights?.outcome).toBe("fail");
    expect(rights?.figure).toContain("CONFIG GET");
    expect(rights?.figure).toContain("CLIENT LIST");
  });
});
