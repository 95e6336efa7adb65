import { describe, expect, it } from "vitest";
import { datasetCountsOf, type DatasetCounts } from "../../components/engine/backup/datasetCounts.ts";
import { withoutHashes } from "../../components/engine/backup/serverSettings.ts";
import { differingCounts, toleranceOf } from "../../components/engine/backup/verifyBackup.ts";
import { parseInfo } from "../../components/engine/infoReply.ts";

const counts = (
  keys: number,
  expires: number,
  rest: Partial<DatasetCounts> & { fieldExpires?: number } = {},
): DatasetCounts => {
  const { fieldExpires = 0, ...others } = rest;
  return {
    offset: 1_000,
    backlogActive: true,
    changes: 0,
    databases: { "0": { keys, expires, fieldExpires } },
    ...others,
  };
};

describe("counts", () => {
  it("are read from one INFO reply of any version", () => {
    const info = parseInfo(
      [
        "role:master",
        "master_repl_offset:77",
        "repl_backlog_active:1",
        "rdb_changes_since_last_save:5",
        "db0:keys=4,expires=2,avg_ttl=9",
        "db3:keys=3,expires=0,avg_ttl=0,subexpiry=1",
        "db4:keys=2,expires=0,avg_ttl=0,keys_with_volatile_items=2",
      ].join("\r\n"),
    );
    expect(datasetCountsOf(info)).toEqual({
      offset: 77,
      backlogActive: true,
      changes: 5,
      databases: {
        "0": { keys: 4, expires: 2, fieldExpires: 0 },
        "3": { keys: 3, expires: 0, fieldExpires: 1 },
        "4": { keys: 2, expires: 0, fieldExpires: 2 },
      },
    });
  });

  it("agree although keys with an expiry are gone, and only those", () => {
    expect(differingCounts(counts(10, 4), counts(10, 4), 0)).toEqual([]);
    expect(differingCounts(counts(10, 4), counts(6, 0), 0)).toEqual([]);
    expect(differingCounts(counts(10, 4), counts(5, 0), 0)).toHaveLength(1);
    expect(differingCounts(counts(10, 4), counts(11, 4), 0)).toHaveLength(1);
    expect(differingCounts(counts(10, 4), counts(11, 5), 0)).toHaveLength(1);
    expect(differingCounts(counts(10, 4, { fieldExpires: 1 }), counts(5, 0), 0)).toEqual([]);
  });

  it("agree within the tolerance", () => {
    expect(differingCounts(counts(10, 0), counts(12, 0), 2)).toEqual([]);
    expect(differingCounts(counts(10, 0), counts(7, 0), 2)).toHaveLength(1);
  });

  it("miss a database that is gone", () => {
    expect(differingCounts(counts(3, 0), { ...counts(0, 0), databases: {} }, 0)).toEqual([
      "database 0 has 0 keys without expiry instead of 3",
    ]);
  });

  it("are exact where nothing was written", () => {
    expect(toleranceOf({ before: counts(3, 0), after: counts(9, 0), offset: 1_000 })).toBe(0);
    expect(toleranceOf({ before: counts(3, 0), after: counts(3, 0), offset: 1_070 })).toBe(10);
    const alone = { backlogActive: false };
    expect(toleranceOf({ before: counts(3, 0, alone), after: counts(3, 0), offset: 0 })).toBe(0);
    expect(toleranceOf({ before: counts(3, 0, alone), after: counts(5, 0, { changes: 4 }), offset: 0 })).toBe(
      6,
    );
  });
});

it("users are kept without their hashes", () => {
  const hash = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
  expect(withoutHashes(`user app on #${hash} #${hash} ~* +@all`)).toBe("user app on ~* +@all");
  expect(withoutHashes(`user app on nopass sanitize-payload #${hash}`)).toBe(
    "user app on nopass sanitize-payload",
  );
});
