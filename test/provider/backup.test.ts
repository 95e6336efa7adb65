import { connect, type Socket } from "node:net";
import { copyFile, mkdtemp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import Docker from "dockerode";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DockerThrowawayServer } from "../../components/docker/throwawayServer.ts";
import { takeBackup, type Backup } from "../../components/engine/backup/backup.ts";
import { copyRdb } from "../../components/engine/backup/rdbCopy.ts";
import { verifyBackup } from "../../components/engine/backup/verifyBackup.ts";
import { until } from "../../components/engine/until.ts";
import { OPERATOR_USER } from "../../components/engine/users.ts";
import { seedEveryType, SEEDED } from "../support/everyType.ts";
import { follow, OPERATOR, startServer, type TestServer } from "../support/testServer.ts";

const docker = new Docker();
const CONTAINER = `throwaway-of-backup-test-${process.pid}`;
const SECRET = "application-secret-of-this-test";
/** As the project sets it to keep a full synchronisation from starting. */
const HELD_BACK = ["repl-diskless-sync yes", "repl-diskless-sync-delay 1000000"];

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "backup-test-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function throwawayOn(image: string): DockerThrowawayServer {
  return new DockerThrowawayServer({
    docker,
    containerName: CONTAINER,
    image: () => image,
    timeoutMs: 60_000,
  });
}

async function throwawayExists(): Promise<boolean> {
  const found = await docker.listContainers({ all: true, filters: { name: [CONTAINER] } });
  return found.length > 0;
}

function backUp(server: TestServer): Promise<Backup> {
  return takeBackup(server.operator, OPERATOR, {
    directory: join(directory, "new"),
    name: "shop",
    colour: "blue",
  });
}

/** A replica that asks for a full synchronisation and shows what it gets. */
function askForFullSync(server: TestServer): { socket: Socket; received: () => string } {
  const socket = connect(server.admin.address.port, server.admin.address.host);
  const commands = ["REPLCONF listening-port 7777", "REPLCONF capa eof capa psync2", "PSYNC ? -1"];
  let received = "";
  const sendNext = (): void => {
    const command = commands.shift();
    // Not before the last one was answered: a server refuses PSYNC while it still has something to say.
    if (command !== undefined) socket.write(`${command}\r\n`);
  };
  socket.on("connect", sendNext).on("data", (data) => {
    received += data.toString("latin1");
    sendNext();
  });
  return { socket, received: () => received };
}

async function replicaStates(server: TestServer): Promise<string[]> {
  return (await server.admin.replication()).replicas.map(({ state }) => state);
}

describe.each(["redis:6.0", "redis:7.0", "redis:8.0", "valkey/valkey:8.1"])("a backup of %s", (image) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer(
      image,
      ...HELD_BACK,
      `masterauth ${SECRET}`,
      `user app on >${SECRET} ~* +@all`,
    );
    await seedEveryType(server.admin);
    await server.admin.call("SELECT", 5);
    await seedEveryType(server.admin);
    await server.admin.call("SELECT", 0);
  });
  afterAll(() => server.stop());

  it("is complete, private, without secrets, leaves no replica, and loads", async () => {
    const backup = await backUp(server);
    expect(await replicaStates(server)).toEqual([]);
    expect(basename(backup.file)).toMatch(/^shop-blue-\d{8}T\d{9}Z\.rdb$/);
    expect((await readdir(join(directory, "new"))).sort()).toEqual(
      [basename(backup.metadataFile), basename(backup.file)].sort(),
    );
    expect((await stat(join(directory, "new"))).mode & 0o777).toBe(0o700);
    for (const file of [backup.file, backup.metadataFile])
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    const metadata = await readFile(backup.metadataFile, "utf8");
    expect(JSON.parse(metadata)).toEqual(backup);
    expect(metadata).not.toContain(SECRET);
    expect(metadata).not.toMatch(/#[0-9a-f]{64}/);
    expect(backup.withheld).toContain("masterauth");
    expect(backup.config).toHaveProperty("maxmemory-policy");
    expect(backup.users.some((user) => user.startsWith(`user ${OPERATOR_USER} on`))).toBe(true);
    const counts = { ...SEEDED, fieldExpires: 0 };
    expect(backup.before.databases).toEqual({ "0": counts, "5": counts });
    expect(backup).toMatchObject({ checksummed: true, server: { product: image.split(/[/:]/)[0] } });

    const verification = await verifyBackup(backup, throwawayOn(image), {
      server: server.operator,
      keys: "all",
    });
    expect(verification).toMatchObject({ keysLoaded: 2 * SEEDED.keys, keysExpired: 0, tolerance: 0 });
    expect(verification.sampled).toMatchObject({
      exact: true,
      keysCompared: 2 * SEEDED.keys,
      keysDifferent: 0,
      keysUndecided: 0,
    });
    expect(await throwawayExists()).toBe(false);
  });

  it("is verified where keys are in more databases than a server has by default", async () => {
    const many = await startServer(image, "databases 32");
    try {
      await many.admin.call("SELECT", 31);
      await many.admin.call("SET", "key", "value");
      await many.admin.call("SELECT", 0);
      const verification = await verifyBackup(await backUp(many), throwawayOn(image), {
        server: many.operator,
        keys: "all",
      });
      expect(verification).toMatchObject({ keysLoaded: 1, sampled: { keysCompared: 1, keysDifferent: 0 } });
    } finally {
      await many.stop();
    }
  });

  it("is verified although keys expire before it is loaded and others are written meanwhile", async () => {
    const state = { stopping: false };
    const keys = Array.from({ length: 100 }, (_, i) => [`short ${i}`, `lasting ${i}`]).flat();
    const writer = (async () => {
      for (let i = 0; !state.stopping; i++) {
        await server.admin.call("SET", `short ${i % 100}`, i, "PX", 500);
        await server.admin.call("SET", `lasting ${i % 100}`, i);
        await server.admin.call("DEL", `lasting ${(i * 7) % 100}`);
      }
    })();
    try {
      await verifyBackup(await backUp(server), throwawayOn(image), { server: server.operator, keys: 100 });
    } finally {
      state.stopping = true;
      await writer;
      // A key that expires later moves the offset under the tests that compare at one.
      await server.admin.call("DEL", ...keys);
    }
  });

  it("is refused by the verification when it was damaged or holds something else", async () => {
    const backup = await backUp(server);
    const damaged = { ...backup, file: `${backup.file}.damaged` };
    await copyFile(backup.file, damaged.file);
    await truncate(damaged.file, backup.bytes - 20);
    await expect(verifyBackup(damaged, throwawayOn(image))).rejects.toThrow(
      "not the ones that were received",
    );

    await server.admin.call("SET", "lasting", 1);
    const { before } = await backUp(server);
    await server.admin.call("DEL", "lasting");
    await expect(verifyBackup({ ...backup, before }, throwawayOn(image))).rejects.toThrow(
      /database 0 has \d+ keys without expiry instead of \d+/,
    );
    await server.admin.call("SET", "number", 43);
    const offset = { offset: (await server.operator.replication()).offset };
    await expect(
      verifyBackup({ ...backup, ...offset }, throwawayOn(image), { server: server.operator, keys: "all" }),
    ).rejects.toThrow("number in database 0: string with different content");
    await server.admin.call("SET", "number", 42);
    expect(await throwawayExists()).toBe(false);
  });

  it("is refused where it would start a full synchronisation that is held back", async () => {
    const { socket, received } = askForFullSync(server);
    const waiting = async (): Promise<true | undefined> =>
      (await replicaStates(server)).includes("wait_bgsave") ? true : undefined;
    await until(waiting, { timeoutMs: 60_000, intervalMs: 20, what: "the replica waits" });
    await expect(backUp(server)).rejects.toThrow("waits for a full synchronisation");
    expect(await replicaStates(server)).toEqual(["wait_bgsave"]);
    expect(received()).not.toContain("FULLRESYNC");
    socket.destroy();
    const gone = async (): Promise<true | undefined> =>
      (await replicaStates(server)).length === 0 ? true : undefined;
    await until(gone, { timeoutMs: 60_000, intervalMs: 20, what: "the replica is gone" });
    expect(await readdir(join(directory, "new"))).toEqual([]);
  });

  it("waits for another save, and gives up at its deadline without a trace", async () => {
    await server.admin.configSet("rdb-key-save-delay", 20_000);
    await server.admin.call("BGSAVE");
    const file = join(directory, "copy.rdb");
    const copy = copyRdb(server.operator, OPERATOR, file);
    expect((await copy).bytes).toBeGreaterThan(200_000);

    await server.admin.configSet("rdb-key-save-delay", 50_000);
    const late = copyRdb(server.operator, OPERATOR, `${file}.late`, { timeoutMs: 1_000 });
    await expect(late).rejects.toThrow("before its deadline");
    expect(await readdir(directory)).toEqual(["copy.rdb"]);
    await server.admin.configSet("rdb-key-save-delay", 0);
    const ended = async (): Promise<true | undefined> => {
      const info = await server.admin.info("persistence");
      const none = (await replicaStates(server)).length === 0;
      return none && info.get("rdb_bgsave_in_progress") === "0" ? true : undefined;
    };
    await until(ended, { timeoutMs: 60_000, intervalMs: 50, what: "the save has ended" });
  });

  it("can be taken without the server's disk, where nothing holds it back", async () => {
    await server.admin.configSet("repl-diskless-sync-delay", 0);
    const onDisk = await copyRdb(server.operator, OPERATOR, join(directory, "disk.rdb"));
    const diskless = await copyRdb(server.operator, OPERATOR, join(directory, "socket.rdb"), {
      transfer: "diskless",
    });
    await server.admin.configSet("repl-diskless-sync-delay", 1_000_000);
    expect(diskless).toMatchObject({ rdbVersion: onDisk.rdbVersion, checksummed: true });
    expect(await replicaStates(server)).toEqual([]);
    const loaded = await throwawayOn(image).load(diskless.file, await server.operator.version());
    await loaded.stop();
    await loaded.stop();
  });

  it("can be taken from a replica, unless its link is down", async () => {
    const replica = await startServer(image);
    try {
      await server.admin.configSet("repl-diskless-sync-delay", 0);
      await replica.admin.configSet("masterauth", "");
      await follow(replica, server);
      const copy = await copyRdb(replica.operator, OPERATOR, join(directory, "replica.rdb"));
      const { replid, offset } = await server.admin.replication();
      expect(copy).toMatchObject({ replid, offset });
      expect(copy.before.databases).toEqual((await backUp(server)).before.databases);
      await replica.admin.call("REPLICAOF", "127.0.0.1", 1);
      await expect(copyRdb(replica.operator, OPERATOR, join(directory, "no.rdb"))).rejects.toThrow(
        "it is a replica whose link is down",
      );
    } finally {
      await server.admin.configSet("repl-diskless-sync-delay", 1_000_000);
      await replica.stop();
    }
  });
});

describe("a throw-away server", () => {
  it("is removed when it can't load the file, and says what the server said", async () => {
    const file = join(directory, "wrong.rdb");
    await copyFile(import.meta.filename, file);
    const load = throwawayOn("redis:7.0").load(file, { product: "redis", version: "7.0" });
    await expect(load).rejects.toThrow(/the RDB was not loaded:.*Wrong signature/s);
    expect(await throwawayExists()).toBe(false);
  });

  it("takes the place of one that was left over, but not of another container", async () => {
    const server = await startServer("redis:7.0");
    try {
      await server.admin.call("SET", "key", "value");
      const { file } = await copyRdb(server.operator, OPERATOR, join(directory, "copy.rdb"));
      await throwawayOn("redis:7.0").load(file, { product: "redis", version: "7.0" });
      const second = await throwawayOn("redis:7.0").load(file, { product: "redis", version: "7.0" });
      await second.stop();
      const other = await docker.createContainer({ name: CONTAINER, Image: "redis:7.0" });
      await expect(throwawayOn("redis:7.0").load(file, { product: "redis", version: "7.0" })).rejects.toThrow(
        "is no throw-away server",
      );
      await other.remove();
    } finally {
      await server.stop();
    }
  });
});
