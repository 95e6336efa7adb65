import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaults } from "../../components/arguments.ts";
import { KEYS, validateArguments } from "../../components/validation/index.ts";

const options = { path: (key: string) => `redis-bluegreen:${key}` };

/** Objects of the right keys with values of any kind, right ones among them. */
function section(right: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const values = Object.entries(right).map(([key, value]): [string, fc.Arbitrary<unknown>] => {
    return [key, fc.oneof({ weight: 6, arbitrary: value }, fc.jsonValue())];
  });
  return fc.oneof(
    { weight: 9, arbitrary: fc.record(Object.fromEntries(values), { requiredKeys: [] }) },
    fc.jsonValue(),
  );
}

const port = fc.integer({ min: 1, max: 70_000 });
const version = fc.constantFrom("6.0", "6.2", "7.0", "7.2.6", "8.0", "8.1", "9.1", "99.0");
const colour = section({
  version,
  product: fc.constantFrom("redis", "valkey"),
  image: fc.constantFrom("redis:7.0", "redis", "valkey/valkey:8.1"),
  replicas: fc.integer({ min: 0, max: 5 }),
  memory: fc.integer({ min: 64, max: 4_096 }),
  persistence: fc.constantFrom("rdb", "aof"),
  redis: fc.dictionary(fc.constantFrom("hz", "maxmemory", "port", "__proto__"), fc.jsonValue()),
  operatorPort: port,
});
const server = section({
  address: fc.oneof(fc.constantFrom("redis://u@127.0.0.1:1", "redis://h", "rediss://u:p@h"), fc.webUrl()),
  password: fc.string(),
  peerAddress: fc.constantFrom("h:1", "h"),
  advertiseHost: fc.domain(),
});
const config = section({
  platform: fc.constantFrom("docker", "kubernetes"),
  live: fc.constantFrom("blue", "green"),
  blue: fc.oneof(colour, server),
  green: fc.oneof(colour, server),
  endpoint: section({
    host: fc.oneof(fc.ipV4(), fc.ipV6()),
    writePort: port,
    readPort: port,
    runtimePort: port,
  }),
  auth: section({
    applicationUser: fc.string(),
    applicationPassword: fc.string(),
    operatorPassword: fc.string(),
  }),
  guardrails: section(Object.fromEntries(Object.keys(defaults.guardrails).map((key) => [key, fc.nat()]))),
  backup: section({ directory: fc.string() }),
  report: section({ directory: fc.string() }),
});

function eitherAcceptedOrRefused(raw: unknown): void {
  const { arguments: args, problems } = validateArguments(raw, options);
  expect(problems.length > 0).toBe(args === undefined);
  for (const { message } of problems)
    expect(message).toMatch(/^redis-bluegreen:.* is .*, but must be .*: .*\.$/su);
}

describe("any value as a configuration", () => {
  it("gives arguments or at least one problem, and throws nothing", () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), eitherAcceptedOrRefused), { numRuns: 500 });
  });

  it("gives arguments or at least one problem where the keys are right", () => {
    fc.assert(fc.property(config, eitherAcceptedOrRefused), { numRuns: 500 });
  });

  it("gives arguments or at least one problem for any value under each key", () => {
    const keyed = fc.dictionary(fc.constantFrom(...KEYS, "__proto__", "constructor"), fc.jsonValue());
    fc.assert(fc.property(keyed, eitherAcceptedOrRefused), { numRuns: 500 });
  });

  it("shows a password in no sentence", () => {
    const secret = "Sw0rdfish-Sw0rdfish";
    const broken = fc.constantFrom(secret, `${secret}\n`, [secret], { secret }, `redis://u:${secret}@h`);
    const keys = ["applicationPassword", "operatorPassword", "replicationPassword", "typo"];
    const raw = fc.record({
      live: fc.constantFrom("blue", "red"),
      blue: fc.oneof(
        fc.record({ address: fc.constantFrom(`redis://u:${secret}@h`, `u:${secret}@h/1`), password: broken }),
        fc.record({
          version: fc.constant("7.0"),
          redis: fc.record({ requirepass: broken, masterauth: broken }),
        }),
        broken,
      ),
      auth: fc.oneof(fc.dictionary(fc.constantFrom(...keys), broken), broken),
      endpoint: fc.constantFrom({ host: "0.0.0.0" }, {}),
    });
    const shown = fc.property(raw, (value) => {
      expect(JSON.stringify(validateArguments(value, options).problems)).not.toContain(secret);
    });
    fc.assert(shown, { numRuns: 300 });
  });

  it("refuses what it accepted, with one key more", () => {
    const accepted = fc.record({ live: fc.constant("blue"), blue: fc.record({ version }) });
    const refused = fc.property(accepted, fc.string(), (raw, key) => {
      fc.pre(!KEYS.includes(key));
      const extended: unknown = Object.fromEntries([...Object.entries(raw), [key, 1]]);
      expect(validateArguments(extended, options).problems).toHaveLength(1);
    });
    fc.assert(refused);
  });
});
