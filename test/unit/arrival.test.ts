import { expect, test } from "vitest";
import { arrivalTimeoutMs, hasArrived, type LinkView } from "../../components/engine/arrival.ts";
import type { AttachedReplica, ReplicationState } from "../../components/engine/replicationState.ts";

const OTHER: AttachedReplica = { address: { host: "10.0.0.9", port: 6379 }, state: "online", offset: 5 };

function leader(...replicas: AttachedReplica[]): ReplicationState {
  const history = { replid: "a", replid2: "0", secondOffset: -1, offset: 5 };
  return { ...history, role: "master", linkUp: false, syncInProgress: false, replicas };
}

const before: LinkView = {
  leader: leader(OTHER),
  fullCopies: 3,
  follower: { linkUp: false, syncInProgress: false },
};

test.each<[string, Partial<LinkView>, boolean]>([
  ["nothing happened", {}, false],
  ["another replica left", { leader: leader() }, false],
  ["the link is up", { follower: { linkUp: true, syncInProgress: false } }, true],
  ["a copy is being received", { follower: { linkUp: false, syncInProgress: true } }, true],
  ["a copy was asked for", { fullCopies: 4 }, true],
  ["one more replica is attached", { leader: leader(OTHER, OTHER) }, true],
  ["a replica waits for a copy", { leader: leader({ ...OTHER, state: "wait_bgsave" }) }, true],
])("%s", (_, change, arrived) => {
  expect(hasArrived(before, { ...before, ...change })).toBe(arrived);
});

test("is waited for half a minute, and never for longer than half of what the link may take", () => {
  expect(arrivalTimeoutMs(600_000)).toBe(30_000);
  expect(arrivalTimeoutMs(10_000)).toBe(5_000);
});
