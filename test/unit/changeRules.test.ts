import { describe, expect, it } from "vitest";
import { changeProblems, type ChangeRequest, type ColourSpec } from "../../components/engine/changeRules.ts";

const blue: ColourSpec = {
  product: "redis",
  version: "8.0",
  image: "redis:8.0",
  persistence: "rdb",
  redis: { maxmemory: "100mb" },
  operatorPort: 16379,
  replicas: 0,
};
const green: ColourSpec = { ...blue, version: "8.6", image: "redis:8.6", operatorPort: 16479 };
const both: ChangeRequest = { live: "blue", blue, green };

/** The refusals as they are printed, but for the prefix of config paths. */
function refusals(before: ChangeRequest | undefined, after: ChangeRequest): string[] {
  return changeProblems(before, after).map(({ path, reason }) => `${path}: ${reason}`);
}

describe("the live colour", () => {
  const restart = (key: string, from: string, to: string): string =>
    `blue.${key}: blue is live, and changing this from ${from} to ${to} would restart or replace the live server. ` +
    "Leave it as it was, add the change to green, and make green live with a cutover";

  it.each([
    ["product", "valkey", '"redis"', '"valkey"'],
    ["version", "8.6", '"8.0"', '"8.6"'],
    ["image", "redis:8.0.2", '"redis:8.0"', '"redis:8.0.2"'],
    ["persistence", "aof", '"rdb"', '"aof"'],
    ["redis", { maxmemory: "1gb" }, '{"maxmemory":"100mb"}', '{"maxmemory":"1gb"}'],
    ["operatorPort", 16380, "16379", "16380"],
  ])("keeps its %s", (key, value, from, to) => {
    const after = { live: "blue", blue: { ...blue, [key]: value } } as const;
    expect(refusals({ live: "blue", blue }, after)).toEqual([restart(key, from, to)]);
  });

  it("keeps what it is when another colour becomes live, too", () => {
    const after: ChangeRequest = { ...both, live: "green", blue: { ...blue, persistence: "aof" } };
    expect(refusals(both, after)).toEqual([restart("persistence", '"rdb"', '"aof"')]);
  });

  it("may get more memory, and not less", () => {
    const before: ChangeRequest = { live: "blue", blue: { ...blue, memory: 512 } };
    expect(refusals(before, { live: "blue", blue: { ...blue, memory: 1_024 } })).toEqual([]);
    expect(refusals(before, { live: "blue", blue: { ...blue, memory: 256 } })).toEqual([
      "blue.memory: blue is live, and lowering its limit from 512 to 256 MiB could end it. " +
        "Leave it as it was, add the change to green, and make green live with a cutover",
    ]);
    expect(
      refusals({ ...both, green: { ...green, memory: 512 } }, { ...both, green: { ...green, memory: 256 } }),
    ).toEqual([]);
  });

  it("stays the existing server that it is", () => {
    const before: ChangeRequest = { live: "blue", blue: { address: "10.0.0.5:6379" } };
    const after: ChangeRequest = { live: "blue", blue: { address: "10.0.0.6:6379" } };
    expect(refusals(before, after)).toEqual([restart("address", '"10.0.0.5:6379"', '"10.0.0.6:6379"')]);
  });

  it("may get replicas, and its settings in another order", () => {
    const settings = { maxmemory: "100mb", hz: "10" };
    const before: ChangeRequest = { live: "blue", blue: { ...blue, redis: settings } };
    const reordered = { hz: "10", maxmemory: "100mb" };
    expect(refusals(before, { live: "blue", blue: { ...blue, redis: reordered, replicas: 2 } })).toEqual([]);
  });

  it("is named with everything that would change it", () => {
    const after: ChangeRequest = { live: "blue", blue: { ...blue, version: "8.6", image: "redis:8.6" } };
    expect(changeProblems({ live: "blue", blue }, after).map(({ path }) => path)).toEqual([
      "blue.version",
      "blue.image",
    ]);
  });
});

describe("steps that need updates of their own", () => {
  it("are retirement and cutover", () => {
    expect(refusals(both, { live: "green", green })).toEqual([
      "blue: live changes from blue to green and blue is removed in the same update; a cutover keeps both colours, so that " +
        "there is a way back. Put blue back, run pulumi up, and remove it in a later update",
    ]);
  });

  it("are adding a colour and cutting over to it", () => {
    expect(refusals({ live: "blue", blue }, { ...both, live: "green" })).toEqual([
      "live: green is not deployed yet and can't be made live in the update that creates it. Set live: blue, run pulumi up " +
        "so that green is in sync, then set live: green",
    ]);
  });

  it("are another image and cutting over to it", () => {
    const after: ChangeRequest = { ...both, live: "green", green: { ...green, image: "redis:8.6.3" } };
    expect(refusals(both, after)).toEqual([
      "green.image: green is made live in the same update; a changed server has to be in sync first. Run pulumi up with " +
        "live: blue, then set live: green",
    ]);
  });

  it("are not a cutover alone, a retirement alone, or an addition alone", () => {
    expect(refusals(both, { ...both, live: "green" })).toEqual([]);
    expect(refusals({ ...both, live: "green" }, { live: "green", green })).toEqual([]);
    expect(refusals({ live: "blue", blue }, both)).toEqual([]);
  });
});

const KEPT = " and reseed: true, as its volume is kept";

describe("a deployed standby", () => {
  const again = "Remove green, run pulumi up, which takes a last backup of it, and add it again";

  it("isn't taken down a version in place", () => {
    expect(refusals(both, { ...both, green: { ...green, version: "8.0", image: "redis:8.0" } })).toEqual([
      'green.version: green would go from "8.6" down to "8.0" in place; an older server can\'t read the newer one\'s ' +
        `files. ${again} with "8.0"`,
    ]);
  });

  it.each([
    ["version", "8.8", '"8.6"', '"8.8"', ""],
    ["persistence", "aof", '"rdb"', '"aof"', KEPT],
    ["redis", {}, '{"maxmemory":"100mb"}', "{}", KEPT],
    ["operatorPort", 17000, "16479", "17000", KEPT],
  ])("keeps its %s", (key, value, from, to, volume) => {
    const problems = refusals(both, { ...both, green: { ...green, [key]: value } });
    expect(problems[0]).toBe(
      `green.${key}: green is deployed, and this is fixed from its birth: it can't change from ${from} to ${to} in ` +
        `place. ${again} with the change${volume}`,
    );
  });

  it("may get another image of the same version, and replicas", () => {
    expect(refusals(both, { ...both, green: { ...green, image: "redis:8.6.3", replicas: 2 } })).toEqual([]);
  });
});

describe("a standby that starts empty", () => {
  const older: ColourSpec = { ...green, version: "7.0", image: "redis:7.0" };
  const refused =
    "green.version: green starts empty and can't copy blue: Redis 8.0 writes RDB version 12, Redis 7.0 reads up to 10. " +
    "Set a version that can, as a rule a newer one of the same product";

  it("must be able to copy the live colour", () => {
    expect(refusals({ live: "blue", blue }, { live: "blue", blue, green: older })).toEqual([refused]);
  });

  it("must be able to in the first update, too", () => {
    expect(refusals(undefined, { live: "blue", blue, green: older })).toEqual([refused]);
  });

  it("must be able to after an update that deployed nothing", () => {
    expect(refusals({ live: "green" }, { live: "blue", blue, green: older })).toEqual([refused]);
  });

  it("is told apart by product", () => {
    const valkey: ColourSpec = { ...green, product: "valkey", version: "8.1", image: "valkey/valkey:8.1" };
    expect(refusals({ live: "blue", blue }, { live: "blue", blue, green: valkey })).toEqual([
      "green.version: green starts empty and can't copy blue: Redis 8.0 writes RDB version 12, Valkey 8.1 reads up to 11. " +
        "Set a version that can, as a rule a newer one of the same product",
    ]);
  });

  it("is also one whose version changed", () => {
    const after: ChangeRequest = { ...both, green: { ...green, version: "7.0" } };
    expect(changeProblems(both, after).map(({ path }) => path)).toEqual(["green.version", "green.version"]);
  });

  it("is not one that was live before a cutover", () => {
    const before: ChangeRequest = { live: "green", blue, green };
    expect(refusals(before, before)).toEqual([]);
    expect(refusals(both, { ...both, live: "green" })).toEqual([]);
  });

  it("is not judged by configuration where it is an existing server", () => {
    const external: ColourSpec = { address: "10.0.0.5:6379" };
    expect(refusals({ live: "blue", blue }, { live: "blue", blue, green: external })).toEqual([]);
  });
});
