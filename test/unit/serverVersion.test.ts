import { expect, test } from "vitest";
import { atLeast, compareVersions, isOlder } from "../../components/engine/serverVersion.ts";

test("versions are compared by their numbers, a missing part as 0", () => {
  expect(compareVersions("7.0.15", "7.0.9")).toBeGreaterThan(0);
  expect(compareVersions("8.0", "8.0.0")).toBe(0);
  expect(atLeast("7.0", "6.2")).toBe(true);
  expect(atLeast("6.0.16", "6.2")).toBe(false);
});

test.each([
  ["redis", "7.0.15", "redis", "8.0.2", true],
  ["redis", "8.0.2", "redis", "7.0.15", false],
  ["redis", "8.0.2", "redis", "8.0.2", false],
  // The fork's numbers say nothing beside those of what it was forked from.
  ["redis", "8.6.3", "valkey", "8.1.1", true],
  ["valkey", "8.1.1", "redis", "8.6.3", false],
] as const)("%s %s is older than %s %s: %s", (product, version, otherProduct, otherVersion, expected) => {
  expect(isOlder({ product, version }, { product: otherProduct, version: otherVersion })).toBe(expected);
});
