import { describe, expect, it } from "vitest";
import { FollowingStandby } from "../../components/engine/cutover/standbyLink.ts";
import type { Deployment } from "../../components/engine/deployment.ts";

/** A replica of history `a` at offset 7 with one key. */
function standby(): Deployment {
  const replies: Record<string, string> = {
    replication: "role:slave\r\nmaster_replid:a\r\nslave_repl_offset:7\r\n",
    keyspace: "db0:keys=1,expires=0\r\n",
  };
  const call = (_name: string, section: string): Promise<unknown> => Promise.resolve(replies[section]);
  return { target: {}, colour: "green", primary: { call } } as unknown as Deployment;
}

describe("a standby that follows", () => {
  const link = new FollowingStandby({ ...standby(), colour: "blue" }, standby());
  const keyspace = new Map([[0, 1]]);

  it("has caught up at the offset of the pause", async () => {
    const caughtUp = link.catchUp({ replid: "a", offset: 7, keyspace }, 1_000);
    await expect(caughtUp).resolves.toMatch(/^green has every byte/);
  });

  it("is not taken for the same data at that offset of another history", async () => {
    const caughtUp = link.catchUp({ replid: "b", offset: 7, keyspace }, 1_000);
    await expect(caughtUp).rejects.toThrow(/^green is on another history \(a\) than blue \(b\)/);
  });
});
