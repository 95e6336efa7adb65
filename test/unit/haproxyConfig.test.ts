import { describe, expect, test } from "vitest";
import { haproxyConfig } from "../../components/docker/haproxyConfig.ts";

const COLOURS = {
  blue: {
    primary: { host: "redis-dev-blue-0", port: 6379 },
    replicas: { host: "redis-dev-blue-replicas", port: 6379 },
  },
  green: { primary: { host: "10.0.0.5", port: 6380 } },
};

/** The lines of one section, without indentation. */
function section(name: string): string[] {
  const text = haproxyConfig(COLOURS);
  const [, body = ""] = new RegExp(`^${name}\\n((?: .*\\n)+)`, "m").exec(text) ?? [];
  return body
    .trimEnd()
    .split("\n")
    .map((line) => line.trim());
}

describe("the proxy's configuration", () => {
  test("sends writers to the colour whose primary lets the proxy's user in and says that it is a master", () => {
    expect(section("backend write")).toEqual([
      "option tcp-check",
      "tcp-check connect",
      "tcp-check send AUTH\\ redis-bluegreen-proxy\\ -\\r\\n",
      "tcp-check expect min-recv 5 string +OK",
      "tcp-check send ROLE\\r\\n",
      // *3 $6 master, as a primary begins its answer.
      `tcp-check expect min-recv 15 binary ${Buffer.from("*3\r\n$6\r\nmaster").toString("hex")}`,
      expect.stringMatching(/^default-server check .*on-marked-down shutdown-sessions/),
      "server blue redis-dev-blue-0:6379 resolvers docker",
      "server green 10.0.0.5:6380 resolvers docker",
    ]);
  });

  test("sends readers to replicas, and to a primary only where there are none", () => {
    expect(section("backend read").filter((line) => line.startsWith("server"))).toEqual([
      "server-template blue-replica 1-5 redis-dev-blue-replicas:6379 resolvers docker",
      "server blue redis-dev-blue-0:6379 resolvers docker backup",
      "server green 10.0.0.5:6380 resolvers docker backup",
    ]);
    expect(section("backend read")).toContain("tcp-check expect min-recv 7 string +PONG");
  });

  test("brackets an IPv6 address", () => {
    const config = haproxyConfig({ ...COLOURS, green: { primary: { host: "fd00::5", port: 6379 } } });
    expect(config).toContain("  server green [fd00::5]:6379 resolvers docker\n");
  });

  test("waits at the start for no name to resolve, so that one colour may be missing", () => {
    expect(section("backend write").join("\n")).toContain("init-addr last,libc,none");
  });

  test("asks Docker's name server for no server of this machine, whose name it does not know", () => {
    const blue = { primary: { host: "host.docker.internal", port: 7000 } };
    expect(haproxyConfig({ ...COLOURS, blue })).toContain("  server blue host.docker.internal:7000\n");
  });

  test("never limits a frontend, which would hang HAProxy 2.6 when it is changed at run time", () => {
    expect([...section("frontend write"), ...section("frontend read")].join("\n")).not.toContain("maxconn");
  });
});
