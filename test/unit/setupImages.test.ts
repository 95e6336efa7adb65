import { describe, expect, test } from "vitest";
import { isVersionOf, mirrorIn, mmdebstrapArguments, versionIn } from "../../scripts/setup/debianImage.ts";
import { IMAGES } from "../../scripts/setup/images.ts";

describe("the mirror in apt's sources", () => {
  test("is the first address of a deb822 file", () => {
    const sources =
      "Types: deb\n# http://old.example/debian\nURIs: http://mirror.example/debian\nSuites: bookworm\n";
    expect(mirrorIn(sources)).toBe("http://mirror.example/debian");
  });

  test("is found in the one-line form, with and without options", () => {
    expect(
      mirrorIn("# deb http://old.example/debian x main\ndeb http://mirror.example/debian bookworm main\n"),
    ).toBe("http://mirror.example/debian");
    expect(mirrorIn("deb [signed-by=/k.gpg arch=amd64] http://mirror.example/debian trixie main")).toBe(
      "http://mirror.example/debian",
    );
  });

  test("is absent where there is none", () => {
    expect(mirrorIn("# nothing\n")).toBeUndefined();
  });
});

describe("the call of mmdebstrap", () => {
  test("takes one suite from the mirror, or from the tool's own default", () => {
    const recipe = { program: "redis-server", suites: ["bookworm"] };
    expect(mmdebstrapArguments(recipe, "/t.tar", "http://m").slice(-3)).toEqual([
      "bookworm",
      "/t.tar",
      "http://m",
    ]);
    expect(mmdebstrapArguments(recipe, "/t.tar", undefined).slice(-2)).toEqual(["bookworm", "/t.tar"]);
  });

  test("asks by name for what comes from a suite that adds to another", () => {
    const recipe = { program: "redis-server", suites: ["sid", "experimental"] };
    const args = mmdebstrapArguments(recipe, "/t.tar", "http://m");
    expect(args).toContain("--include=redis-server/experimental,redis-tools/experimental");
    expect(args.slice(-4)).toEqual([
      "sid",
      "/t.tar",
      "deb http://m sid main",
      "deb http://m experimental main",
    ]);
    expect(() => mmdebstrapArguments(recipe, "/t.tar", undefined)).toThrow("mirror");
  });

  test("keeps the date check of suites that are released", () => {
    const args = mmdebstrapArguments({ program: "haproxy", suites: ["trixie"] }, "/t.tar", undefined);
    expect(args.join("\n")).not.toContain("Check-Valid-Until");
  });
});

test("a program from elsewhere is laid upon the packages that it needs", () => {
  const file = { path: "/a b/node", packages: ["libstdc++6"] };
  const args = mmdebstrapArguments({ program: "node", suites: ["trixie"], file }, "/t.tar", "http://m");
  expect(args).toContain("--include=libstdc++6");
  expect(args).toContain('--customize-hook=copy-in "/a b/node" /usr/local/bin');
  expect(args.at(-4)).toBe('--customize-hook=chroot "$1" node --version');
});

test("a tag means every version below it", () => {
  expect(isVersionOf("redis:7.0", "7.0.15")).toBe(true);
  expect(isVersionOf("redis:7.0", "7.2.1")).toBe(false);
  expect(isVersionOf("valkey/valkey:8.1", "8.10.0")).toBe(false);
  expect(isVersionOf("node:24-slim", "24.21.0")).toBe(true);
  expect(isVersionOf("node:24-slim", "22.1.0")).toBe(false);
});

test("a program's version is found among other lines", () => {
  expect(versionIn("I: x\nRedis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1\nI: done")).toBe(
    "7.0.15",
  );
  expect(versionIn("Valkey server v=9.1.2 sha=0")).toBe("9.1.2");
  expect(versionIn("HAProxy version 3.0.11-1+deb13u3 2026/05/20 - https://haproxy.org/")).toBe("3.0.11");
  expect(versionIn("I: x\nv24.21.0\nI: done")).toBe("24.21.0");
  expect(versionIn("I: done")).toBeUndefined();
});

test("the demo needs three images only", () => {
  expect(IMAGES.filter(({ testsOnly }) => !testsOnly).map(({ image }) => image)).toEqual([
    "redis:7.0",
    "redis:8.0",
    "haproxy:3.0",
  ]);
});
