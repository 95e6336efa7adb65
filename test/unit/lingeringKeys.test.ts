import { expect, it } from "vitest";
import { lingeringKeys } from "../../components/engine/fed.ts";
import type { RedisServer } from "../../components/engine/redisServer.ts";

/** A server on which so many keys are noted anew at each look, beside those that stay. */
function fedServer(each: number, ...staying: string[]): RedisServer {
  let looks = 0;
  const transaction = (): Promise<unknown[]> => {
    looks++;
    const fields = [...staying, ...Array.from({ length: each }, (_, i) => `0 key ${looks}:${i}`)];
    return Promise.resolve(["OK", ["0", fields.flatMap((field) => [field, "0"])], "OK"]);
  };
  return { transaction } as unknown as RedisServer;
}

it("a bridge that has other keys to copy at each look is done with those of the first one", async () => {
  expect(await lingeringKeys(fedServer(0), 15)).toBe(0);
  expect(await lingeringKeys(fedServer(50), 15)).toBe(0);
});

it("a key that is copied all the time isn't", async () => {
  expect(await lingeringKeys(fedServer(50, "0 large", "3 other"), 15)).toBe(2);
});
