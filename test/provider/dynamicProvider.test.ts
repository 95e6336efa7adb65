import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BornServer } from "../support/bornServer.ts";
import { bearPair, CREDENTIALS, openToClients } from "../support/bornServer.ts";
import { serializedProviders } from "../support/serializedProviders.ts";
import type { Properties } from "../ground/dockerProvider/properties.ts";
import { Plugin } from "../ground/plugin.ts";

const DYNAMIC_PROVIDER = createRequire(import.meta.url).resolve("@pulumi/pulumi/cmd/dynamic-provider");

/** What each resource hands over; a change here is a change of every stack's state. */
const METHODS = {
  ChangeGuard: {
    object: "changeGuard",
    methods: { check: "o, n", diff: "i, o, n", create: "n", update: "i, o, n" },
  },
  DestroyLock: {
    object: "destroyLock",
    methods: { diff: "i, o, n", create: "n", update: "i, o, n", delete: "i, p" },
  },
  ReplicationLink: {
    object: "replicationLink",
    methods: { check: "o, n", diff: "i, o, n", create: "n", read: "i, p", update: "i, o, n", delete: "i, p" },
  },
  TrafficSwitch: {
    object: "trafficSwitch",
    methods: { check: "o, n", diff: "i, o, n", create: "n", read: "i, p", update: "i, o, n", delete: "i, p" },
  },
};

const LOAD =
  '() => process.getBuiltinModule("node:module").createRequire(process.cwd() + "/")("redis-bluegreen/provider")';

/** The text that the SDK makes of such a provider. */
function expectedText({ object, methods }: (typeof METHODS)[keyof typeof METHODS]): string {
  const names = Object.entries(methods);
  const load = `load: __f2, `;
  const number = (i: number): number => (i === 0 ? 1 : i + 2);
  const list = names.map(([name], i) => `${name}: __f${number(i)}`).join(", ");
  const calls = names.map(([name, parameters], i) =>
    wrap(number(i), parameters, load, `(${parameters}) => load().${object}.${name}(${parameters})`),
  );
  const functions = [wrap(2, "", "", LOAD), ...calls];
  const handler = wrap(0, "", "provider: __provider, ", "() => provider");
  return `exports.handler = __f0;\n\nvar __provider = {${list}};\n\n${[...functions, handler].join("\n")}`;
}

function wrap(i: number, parameters: string, scope: string, body: string): string {
  const places = parameters === "" ? [] : parameters.split(", ").map((_, at) => `__${at}`);
  return (
    `function __f${i}(${places.join(", ")}) {\n  return (function() {\n` +
    `    with({ ${scope}this: undefined, arguments: undefined }) {\n\nreturn ${body};\n\n    }\n` +
    `  }).apply(undefined, undefined).apply(this, arguments);\n}\n`
  );
}

describe("the text of a dynamic provider in the state", () => {
  test("is that of functions which load by name, and no more", async () => {
    const texts = await serializedProviders();
    expect(Object.keys(texts).sort()).toEqual(Object.keys(METHODS));
    for (const [type, methods] of Object.entries(METHODS)) expect(texts[type]).toBe(expectedText(methods));
  });

  test("is small", async () => {
    for (const text of Object.values(await serializedProviders())) expect(text.length).toBeLessThan(2_100);
  });

  test("is the same when a program runs without a test runner", async () => {
    const script = new URL("../support/serializedProviders.ts", import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    expect(JSON.parse(stdout)).toEqual(await serializedProviders());
  });
});

describe("a provider process", () => {
  let plugin: Plugin;
  let texts: Record<string, string>;

  beforeAll(async () => {
    texts = await serializedProviders();
    // It is given the engine's address, which it doesn't call.
    plugin = await Plugin.start({}, [DYNAMIC_PROVIDER, "127.0.0.1:9"]);
  });

  afterAll(async () => {
    await plugin.stop();
  });

  function withProvider(type: keyof typeof METHODS, properties: object): Properties {
    return { ...(JSON.parse(JSON.stringify(properties)) as Properties), __provider: texts[type] ?? "" };
  }

  test("refuses a forbidden change in the change guard's check, with a sentence and no stack", async () => {
    const spec = {
      product: "redis",
      version: "7.0",
      image: "redis:7.0",
      persistence: "rdb",
      redis: {},
      replicas: 0,
    };
    const olds = {
      schemaVersion: 1,
      name: "never-deployed",
      live: "blue",
      ports: [],
      pathPrefix: "redis-bluegreen:",
    };
    // An existing server counts as deployed without being looked for.
    const before = withProvider("ChangeGuard", { ...olds, blue: { address: "10.0.0.5:6379" } });
    const after = withProvider("ChangeGuard", { ...olds, live: "green", green: spec });
    const { failures } = await plugin.check("urn", before, after);
    expect(failures.join("\n")).toMatch(/redis-bluegreen:.*blue/);
    expect((await plugin.check("urn", {}, after)).failures).toEqual([]);
  });

  test("shows no change where only the text of a provider is another release's", async () => {
    const guard = { schemaVersion: 1, name: "redis-dev", live: "blue", ports: [], pathPrefix: "" };
    const lock = { schemaVersion: 1, allowDestroy: false, pathPrefix: "" };
    const changed = { ChangeGuard: { live: "green" }, DestroyLock: { allowDestroy: true } };
    for (const [type, before] of [["ChangeGuard", guard] as const, ["DestroyLock", lock] as const]) {
      const state = { ...withProvider(type, before), __provider: "exports.handler = () => ({});" };
      const same = await plugin.diff("urn", "id", state, withProvider(type, before));
      expect(same).toMatchObject({ changes: false });
      const news = withProvider(type, { ...before, ...changed[type] });
      expect(await plugin.diff("urn", "id", state, news)).toMatchObject({ changes: true });
      expect(await plugin.update("urn", "id", state, news)).toEqual(news);
    }
  });

  test("refuses to delete the destroy lock unless the user allowed it", async () => {
    const lock = (allowDestroy: boolean): Properties =>
      withProvider("DestroyLock", { schemaVersion: 1, allowDestroy, pathPrefix: "redis-bluegreen:" });
    await expect(plugin.delete("urn", "destroy-lock", lock(false))).rejects.toThrow(
      "redis-bluegreen:guardrails.allowDestroy is not true",
    );
    await plugin.delete("urn", "destroy-lock", lock(true));
  });

  describe("with a replication link between real servers", () => {
    let blue: BornServer;
    let green: BornServer;
    let state: Properties;

    beforeAll(async () => {
      [blue, green] = await bearPair();
      await blue.admin.call("SET", "key", "value");
    });

    afterAll(async () => {
      await Promise.all([blue.stop(), green.stop()]);
    });

    function inputs(changes: object = {}): Properties {
      return withProvider("ReplicationLink", {
        schemaVersion: 1,
        live: blue.target,
        standby: green.target,
        syncTimeoutMs: 60_000,
        reseed: false,
        pathPrefix: "config:",
        credentials: CREDENTIALS,
        ...changes,
      });
    }

    async function linked(): Promise<boolean> {
      const { role, linkUp, following } = await green.admin.replication();
      return role === "replica" && linkUp && following?.host === blue.target.primary.peer.host;
    }

    /** Somebody ends the link by hand and opens the standby for writes. */
    async function cutByHand(): Promise<void> {
      await green.admin.call("REPLICAOF", "NO", "ONE");
    }

    test("check hands the inputs on as they are", async () => {
      expect(await plugin.check("urn", {}, inputs())).toEqual({ inputs: inputs(), failures: [] });
    });

    test("create makes the standby follow, waits until it is in sync, and says what the way back is", async () => {
      const created = await plugin.create("urn", inputs());
      state = created.state;
      expect(created.id).toBe("blue-to-green");
      expect(state).toMatchObject({ ...inputs(), status: "up" });
      expect(state["rollback"]).toMatch(
        /^lossless \(native\): Redis 7\.0\.\d+ applies everything that Redis 8\.0/,
      );
      expect(await linked()).toBe(true);
      expect(await green.admin.call("GET", "key")).toBe("value");
    });

    test("diff sees no change while all is as it was, whatever the offsets do", async () => {
      await blue.admin.call("SET", "another key", "value");
      expect(await plugin.diff("urn", "blue-to-green", state, inputs())).toMatchObject({ changes: false });
    });

    test("diff sees a link that was cut by hand, read tells of it, and update mends it", async () => {
      await cutByHand();
      expect(await plugin.diff("urn", "blue-to-green", state, inputs())).toMatchObject({ changes: true });
      const found = await plugin.read("urn", "blue-to-green", state, inputs());
      expect(found?.state["status"]).toBe("cut");
      state = await plugin.update("urn", "blue-to-green", found?.state ?? {}, inputs());
      expect(state["status"]).toBe("up");
      expect(await linked()).toBe(true);
    });

    test("update refuses to overwrite what only the standby has, until the user allows it", async () => {
      await cutByHand();
      await green.admin.configSet("min-replicas-to-write", 0);
      await green.admin.call("SET", "only here", "value");
      await expect(plugin.update("urn", "blue-to-green", state, inputs())).rejects.toThrow(
        /green holds 3 keys that a full copy from blue would overwrite.*config:green\.reseed: true/,
      );
      expect(await green.admin.call("GET", "only here")).toBe("value");

      state = await plugin.update("urn", "blue-to-green", state, inputs({ reseed: true }));
      expect(await linked()).toBe(true);
      expect(await green.admin.call("GET", "only here")).toBeNull();
    });

    test("a server that does not answer is an error that names it, and no password", async () => {
      const target = {
        ...green.target,
        primary: { ...green.target.primary, operator: { host: "127.0.0.1", port: 9 } },
      };
      const refused = await plugin.create("urn", inputs({ standby: target })).catch(String);
      expect(refused).toMatch(/blue or green does not answer: start both and run pulumi up again/);
      const password = "not the right one";
      const operator = { ...CREDENTIALS.operator, password };
      const wrong = await plugin
        .create("urn", inputs({ credentials: { ...CREDENTIALS, operator } }))
        .catch(String);
      expect(wrong).not.toContain(password);
      expect(await plugin.diff("urn", "blue-to-green", state, inputs())).toMatchObject({ changes: true });
    });

    test("read says that a server can't be reached, and delete leaves it alone", async () => {
      const target = {
        ...green.target,
        primary: { ...green.target.primary, operator: { host: "127.0.0.1", port: 9 } },
      };
      const gone: Properties = { ...state, ...inputs({ standby: target }) };
      expect((await plugin.read("urn", "blue-to-green", gone, gone))?.state["status"]).toBe("unreachable");
      await plugin.delete("urn", "blue-to-green", gone);
      expect(await linked()).toBe(true);
    });

    test("delete ends following and keeps the data; what follows nobody is left alone", async () => {
      await plugin.delete("urn", "blue-to-green", state);
      expect((await green.admin.replication()).role).toBe("master");
      expect(await green.admin.call("GET", "key")).toBe("value");
      await plugin.delete("urn", "blue-to-green", state);
    });

    test("delete leaves a server alone whose role has moved on", async () => {
      const back = { live: green.target, standby: blue.target };
      await openToClients(green);
      await blue.admin.call("FLUSHALL");
      await blue.admin.configSet("masteruser", CREDENTIALS.replication.username);
      await blue.admin.configSet("masterauth", CREDENTIALS.replication.password ?? "");
      await blue.admin.call("REPLICAOF", green.target.primary.peer.host, 6379);
      await plugin.delete("urn", "blue-to-green", state);
      expect((await blue.admin.replication()).role).toBe("replica");
      await plugin.delete("urn", "green-to-blue", inputs(back));
      expect((await blue.admin.replication()).role).toBe("master");
    });
  });
});
