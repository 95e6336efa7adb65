import { describe, expect, it } from "vitest";
import type { DeploymentTarget, ServerTarget } from "../../components/engine/deploymentTarget.ts";
import { isTripped } from "../../components/engine/follow.ts";
import type { ReplicationState } from "../../components/engine/replicationState.ts";

const address = { host: "10.0.0.2", port: 6379 };
const replica: ServerTarget = { operator: address, peer: address };

/** A live colour that puts a copy off, beside so many replicas of its own. */
function live(replicas: ServerTarget[]): Parameters<typeof isTripped>[0] {
  const target: DeploymentTarget = {
    colour: "green",
    product: "redis",
    version: "8.0",
    primary: replica,
    replicas,
    external: false,
  };
  const replication: ReplicationState = {
    role: "master",
    replid: "a",
    offset: 7,
    replid2: "0",
    secondOffset: -1,
    linkUp: false,
    syncInProgress: false,
    replicas: [{ address, state: "wait_bgsave", offset: 0 }],
  };
  return { target, replication };
}

describe("a copy that is put off", () => {
  const standby: ReplicationState = { ...live([]).replication, role: "replica", replicas: [] };

  it("is the standby's where nobody else can wait for one", () => {
    expect(isTripped(live([]), standby)).toBe(true);
    expect(isTripped(live([]), { ...standby, linkUp: true })).toBe(false);
  });

  it("may be that of a replica which the live colour has of its own", () => {
    expect(isTripped(live([replica]), standby)).toBe(false);
  });
});
