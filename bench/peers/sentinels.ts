import type { Address } from "../../components/engine/address.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";
import { until } from "../../components/engine/until.ts";
import type { Containers, RunningContainer } from "./containers.ts";
import { ADMIN, connectWhenUp } from "./servers.ts";

/** How many watch; most deployments have as many. */
const COUNT = 3;
/** The watched group's name. */
export const GROUP = "bench";

/** Three Sentinels, which watch nothing until they are told to, so that they leave other contestants' rounds alone. */
export class Sentinels {
  readonly members: readonly { container: RunningContainer; address: Address; admin: RedisServer }[];

  private constructor(members: Sentinels["members"]) {
    this.members = members;
  }

  /** Starts them. */
  static async start(containers: Containers): Promise<Sentinels> {
    const members = await Promise.all(
      Array.from({ length: COUNT }, async () => {
        const container = await containers.start({
          image: "redis:8.0",
          script:
            'printf "%s" "$FILE" > /tmp/sentinel.conf && exec redis-server /tmp/sentinel.conf --sentinel',
          file: "port 26379\nprotected-mode no\n",
          ports: { 26379: 0 },
        });
        const address: Address = { host: "127.0.0.1", port: container.port(26379) };
        return { container, address, admin: await connectWhenUp(address, { username: "default" }) };
      }),
    );
    return new Sentinels(members);
  }

  /** Makes them watch a primary, and waits until each knows its replica and both others. */
  async watch(primary: Address): Promise<void> {
    for (const { admin } of this.members) {
      await admin.call("SENTINEL", "MONITOR", GROUP, primary.host, primary.port, 2);
      await admin.call("SENTINEL", "SET", GROUP, "auth-user", ADMIN.username);
      await admin.call("SENTINEL", "SET", GROUP, "auth-pass", ADMIN.password ?? "");
      await admin.call("SENTINEL", "SET", GROUP, "down-after-milliseconds", 5_000);
    }
    await Promise.all(
      this.members.map(({ admin }) =>
        until(async () => ((await isComplete(admin)) ? true : undefined), {
          timeoutMs: 60_000,
          intervalMs: 50,
          what: "each Sentinel knows the replica and the other Sentinels",
        }),
      ),
    );
  }

  /** Starts a failover as an operator does, and waits until the Sentinel that was asked names another primary. */
  async failOver(to: Address): Promise<void> {
    const [first] = this.members;
    if (first === undefined) throw new Error("there is no Sentinel");
    await first.admin.call("SENTINEL", "FAILOVER", GROUP);
    await until(
      async () => {
        const [host] = (await first.admin.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", GROUP)) as string[];
        return host === to.host ? true : undefined;
      },
      { timeoutMs: 60_000, intervalMs: 5, what: "Sentinel names the new primary" },
    );
  }

  /** Ends the watch. */
  async forget(): Promise<void> {
    for (const { admin } of this.members)
      await admin.call("SENTINEL", "REMOVE", GROUP).catch(() => undefined);
  }

  /** Closes the connections. */
  close(): void {
    for (const { admin } of this.members) admin.close();
  }
}

async function isComplete(sentinel: RedisServer): Promise<boolean> {
  const master = fieldsOf(await sentinel.call("SENTINEL", "MASTER", GROUP));
  if (master.get("num-slaves") !== "1" || master.get("num-other-sentinels") !== String(COUNT - 1))
    return false;
  const [replica] = (await sentinel.call("SENTINEL", "REPLICAS", GROUP)) as unknown[];
  return fieldsOf(replica).get("master-link-status") === "ok";
}

/** Names and values in turn. */
function fieldsOf(reply: unknown): ReadonlyMap<string, string> {
  const list = Array.isArray(reply) ? reply.map(String) : [];
  return new Map(list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1] ?? ""] as const] : [])));
}
