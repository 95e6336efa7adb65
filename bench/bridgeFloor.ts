/**
 * What the same commands cost a target by themselves, whoever sends them: as a replica whose master sends them, and from
 * a client, in transactions as the bridge sends them and without. `node bench/bridgeFloor.ts [--image redis:6.0]
 * [--commands 60000] [--rounds 10] [--workload mix|expiry]`; `expiry` is SET and PEXPIREAT. Prints the target's own
 * processor time, user and system, in microseconds a command.
 */
import Docker from "dockerode";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ArmedLink } from "../components/engine/bridge/armedLink.ts";
import { encodeCommand } from "../components/engine/bridge/encode.ts";
import { BRIDGE_USER } from "../components/engine/users.ts";
import { startServer, type TestServer } from "../test/support/testServer.ts";
import { commands } from "./bridgeLoad.ts";
import { spread } from "./bridgeServers.ts";

const { values: options } = parseArgs({
  options: {
    image: { type: "string", default: "redis:6.0" },
    commands: { type: "string", default: "60000" },
    rounds: { type: "string", default: "10" },
    workload: { type: "string", default: "mix" },
  },
});

const BATCH = 512;
const DONE = encodeCommand(["SET", "done", "1"]);
/** A dump of nothing; 0 for its checksum means that there is none. */
const EMPTY_COPY = Buffer.concat([Buffer.from("REDIS0009\xff", "latin1"), Buffer.alloc(8)]);
const count = Number(options.commands);

function batch(from: number): string {
  if (options.workload !== "expiry") return commands("mix", from, from + BATCH);
  const pairs = Array.from({ length: BATCH }, (_, i) => {
    const key = `key:${((from + i) * 7_919) % 100_000}`;
    return [
      encodeCommand(["SET", key, "v".repeat(100)]),
      encodeCommand(["PEXPIREAT", key, 4_000_000_000_000]),
    ];
  });
  return Buffer.concat(pairs.flat()).toString("latin1");
}

function stream(transactions: boolean): Buffer {
  let text = "";
  for (let from = 0; from < count; from += BATCH) {
    text += transactions ? `*1\r\n$5\r\nMULTI\r\n${batch(from)}*1\r\n$4\r\nEXEC\r\n` : batch(from);
  }
  return Buffer.from(text, "latin1");
}

/** Processor seconds that a server spends until it has what `send` sends. */
async function cost({ admin }: TestServer, send: () => void): Promise<number> {
  const spent = async (): Promise<number> => {
    const info = await admin.info("cpu");
    return Number(info.get("used_cpu_user")) + Number(info.get("used_cpu_sys"));
  };
  const before = await spent();
  send();
  while ((await admin.call("GET", "done")) === null) await delay(10);
  return (await spent()) - before;
}

async function asClient(server: TestServer, transactions: boolean): Promise<number> {
  const socket = connect(server.peer.port, server.peer.host);
  await once(socket, "connect");
  socket.write(encodeCommand(["AUTH", BRIDGE_USER, "nopass"]));
  await once(socket, "data");
  socket.resume();
  const data = stream(transactions);
  const spent = await cost(server, () => socket.write(Buffer.concat([data, DONE])));
  socket.destroy();
  return spent;
}

/** This process is its master: it sends a copy of nothing and then the stream. */
async function asReplica(server: TestServer): Promise<number> {
  const container = await new Docker().getContainer(server.container.getId()).inspect();
  let attached: (socket: Socket) => void = () => undefined;
  const replica = new Promise<Socket>((resolve) => (attached = resolve));
  const master = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      const text = chunk.toString("latin1");
      if (text.includes("PSYNC")) {
        socket.write(`+FULLRESYNC ${"a".repeat(40)} 1\r\n$${EMPTY_COPY.length}\r\n`);
        socket.write(EMPTY_COPY);
        attached(socket);
      } else if (text.includes("PING")) socket.write("+PONG\r\n");
      else socket.write("+OK\r\n".repeat(text.match(/REPLCONF\r\n\$(?!3\r\nACK)/g)?.length ?? 0));
    });
  });
  await once(master.listen(0), "listening");
  const { port } = master.address() as AddressInfo;
  await server.admin.call("REPLICAOF", container.NetworkSettings.Networks["bridge"]?.Gateway ?? "", port);
  const socket = await replica;
  while (!(await server.admin.replication()).linkUp) await delay(10);
  const data = Buffer.concat([encodeCommand(["SELECT", 0]), stream(false), DONE]);
  const spent = await cost(server, () => socket.write(data));
  await server.admin.call("REPLICAOF", "NO", "ONE");
  socket.destroy();
  master.close();
  return spent;
}

const WAYS: Record<string, (server: TestServer) => Promise<number>> = {
  "as a replica": asReplica,
  "client, plain": (server) => asClient(server, false),
  "client, in transactions": (server) => asClient(server, true),
};

const server = await startServer(
  options.image,
  `user ${BRIDGE_USER} on nopass ~* +@all`,
  "repl-backlog-ttl 0",
);
try {
  (await ArmedLink.open({ address: server.peer, login: { username: BRIDGE_USER } })).close();
  const spent = new Map<string, number[]>(Object.keys(WAYS).map((way) => [way, []]));
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [way, run] of Object.entries(WAYS)) {
      await server.admin.call("FLUSHALL");
      spent.get(way)?.push(((await run(server)) * 1e6) / count);
    }
  }
  console.log("| way | least | median | most |\n| --- | --- | --- | --- |");
  for (const [way, values] of spent) {
    const { min, median, max } = spread(values);
    console.log(`| ${[way, ...[min, median, max].map((value) => value.toFixed(2))].join(" | ")} |`);
  }
  const figures = Object.fromEntries([...spent].map(([way, values]) => [way, spread(values)]));
  console.log(
    JSON.stringify({
      bench: "bridgeFloor",
      image: options.image,
      workload: options.workload,
      micros: figures,
    }),
  );
} finally {
  await server.stop();
}
