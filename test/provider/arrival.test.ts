import { afterAll, beforeAll, expect, test } from "vitest";
import type { Deployment } from "../../components/engine/deployment.ts";
import { ensureLink, linkRefusal, type LinkInput } from "../../components/engine/replicationLink.ts";
import { bearPair, CREDENTIALS, type BornServer } from "../support/bornServer.ts";

/** An address for documentation, where nobody is. */
const NOWHERE = "192.0.2.1";
/** An arrival is waited for half as long. Milliseconds. */
const SYNC_TIMEOUT_MS = 8_000;

let blue: BornServer;
let green: BornServer;

beforeAll(async () => {
  [blue, green] = await bearPair();
  await blue.admin.call("SET", "key", "value");
});

afterAll(async () => {
  await Promise.all([blue.stop(), green.stop()]);
});

function end({ target, admin }: BornServer, changes: Partial<Deployment["target"]> = {}): Deployment {
  return { target: { ...target, ...changes }, colour: target.colour, primary: admin };
}

function input(standby: Deployment, live = end(blue)): LinkInput {
  const limits = { syncTimeoutMs: SYNC_TIMEOUT_MS, reseed: false, pathPrefix: "config:" };
  return { live, standby, credentials: CREDENTIALS, ...limits, progress: () => undefined };
}

test("an existing server that nobody told how to get here is refused in preview, and made to follow nobody", async () => {
  const refusal =
    "green is an existing server and config:green.advertiseHost does not say how it reaches blue: set it to an address of this machine as green reaches it";
  const link = input(end(green, { external: true }));
  expect(await linkRefusal(link)).toBe(refusal);
  await expect(ensureLink(link)).rejects.toThrow(refusal);
  expect((await green.admin.replication()).role).toBe("master");
});

test("an existing server that can't get here is given up long before a copy would be, and keeps its data", async () => {
  await green.admin.configSet("min-replicas-to-write", 0);
  await green.admin.call("SET", "own", "1");
  const link = { ...input(end(green, { external: true, reachesOthersAt: NOWHERE })), reseed: true };
  expect(await linkRefusal(link)).toBeUndefined();
  await expect(ensureLink(link)).rejects.toThrow(
    /^green was told to follow blue at 192\.0\.2\.1:\d+, and blue has heard nothing of it for [4-7] s: set config:green\.advertiseHost to an address by which green reaches blue, or look into green's log/,
  );
  expect(await green.admin.call("GET", "own")).toBe("1");
});

test("a deployment that can't get to an existing server is given up as well", async () => {
  const { primary } = blue.target;
  const existing = end(blue, {
    external: true,
    primary: { ...primary, peer: { host: NOWHERE, port: 6379 } },
  });
  await expect(ensureLink({ ...input(end(green), existing), reseed: true })).rejects.toThrow(
    /set config:blue\.peerAddress to an address by which green reaches blue/,
  );
});

test("one that gets through is waited for", async () => {
  await ensureLink({ ...input(end(green)), syncTimeoutMs: 60_000, reseed: true });
  expect(await green.admin.call("GET", "key")).toBe("value");
});
