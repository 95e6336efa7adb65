import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, it } from "vitest";
import { configPath, rawConfig, readConfig } from "../../components/config.ts";
import { resolveArguments } from "../../components/resolvedArguments.ts";
import { exposureOf, passwordProblem } from "../../components/validation/index.ts";

const PASSWORD = "Sw0rdfish-Sw0rdfish";

function setConfig(values: Record<string, unknown>): void {
  const entries = Object.entries(values).map(([key, value]): [string, string] => {
    return [
      key.includes(":") ? key : configPath(key),
      typeof value === "string" ? value : JSON.stringify(value),
    ];
  });
  pulumi.runtime.setAllConfig(Object.fromEntries(entries));
}

/** What an output resolves to, and whether it is a secret. */
async function resolved(output: unknown): Promise<{ value: string; secret: boolean }> {
  const known = pulumi.output(output as string);
  const secret = await pulumi.isSecret(known);
  return new Promise((resolve) => {
    known.apply((value) => {
      resolve({ value, secret });
    });
  });
}

beforeEach(async () => {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }),
      call: () => ({}),
    },
    "redis-bluegreen",
    "demo",
  );
});

describe("the stack config", () => {
  it("is read whole, objects from their JSON", () => {
    const raw = rawConfig({
      "redis-bluegreen:live": "blue",
      "redis-bluegreen:blue": '{"version":"7.0"}',
      "redis-bluegreen:green": "",
      "redis-bluegreen:backup": "backups",
      "redis-bluegreen:other": "true",
      "docker:host": "x",
    });
    expect(raw).toEqual({
      live: "blue",
      blue: { version: "7.0" },
      green: null,
      backup: "backups",
      other: true,
    });
  });

  it("becomes arguments whose passwords are secrets", async () => {
    setConfig({
      live: "blue",
      blue: { address: "redis://u@127.0.0.1:7000", password: PASSWORD },
      green: { version: "8.0" },
      auth: { applicationUser: "app", applicationPassword: PASSWORD },
    });
    const { live, blue, green, auth } = readConfig();
    expect(live).toBe("blue");
    expect(green).toEqual({ version: "8.0" });
    expect(auth?.applicationUser).toBe("app");
    for (const password of [auth?.applicationPassword, (blue as { password: unknown }).password]) {
      expect(await resolved(password)).toEqual({ value: PASSWORD, secret: true });
    }
  });

  it("is refused with everything that is wrong in one error", () => {
    setConfig({
      live: "green",
      blue: { version: 7 },
      auth: "Sw0rdfish",
      lvie: "blue",
      platform: "kubernetes",
      "docker:host": "not ours",
    });
    expect(readConfig).toThrow(
      new pulumi.RunError(
        [
          "The configuration of stack demo has 5 problems; nothing was changed:",
          "  1. redis-bluegreen:lvie is an unknown key, but must be one of platform, live, blue, green, endpoint, auth, guardrails, bake, rehearsal, bridge, backup, report: rename it to live, or remove it.",
          '  2. redis-bluegreen:platform is "kubernetes", which is not yet available, but must be docker: set it to docker, or remove it.',
          "  3. redis-bluegreen:auth is text, but must be an object with any of the keys applicationUser, applicationPassword, operatorPassword or replicationPassword: write each of its keys on a line of its own below it, or remove it.",
          '  4. redis-bluegreen:blue.version is the number 7, but must be text such as "7.0" or "7.0.15": write it in quotes, e.g. version: "7.0".',
          "  5. redis-bluegreen:live is green, a colour without a deployment, but must be blue: set it to blue, or add redis-bluegreen:green and cut over once it is in sync.",
        ].join("\n"),
      ),
    );
  });

  it("says that a key without a value is empty", () => {
    setConfig({ live: "blue", blue: { version: "7.0" }, green: "" });
    expect(readConfig).toThrow(
      /1 problem; nothing was changed:\n {2}1\. redis-bluegreen:green is empty, but must be/,
    );
  });
});

describe("a program's arguments", () => {
  const options = { subject: "RedisBlueGreen cache", path: (key: string) => `args.${key}`, stack: "demo" };

  it("are resolved at once, with passwords as secret outputs whether they are known or not", async () => {
    const later = Promise.resolve(PASSWORD);
    const args = resolveArguments(
      {
        live: "blue",
        blue: { version: "7.0" },
        endpoint: { host: "0.0.0.0" },
        auth: {
          applicationPassword: PASSWORD,
          operatorPassword: later,
          replicationPassword: pulumi.output(later),
        },
      },
      options,
    );
    expect(args.endpoint.readPort).toBe(6_380);
    for (const name of ["applicationPassword", "operatorPassword", "replicationPassword"] as const) {
      expect(await resolved(args.auth[name])).toEqual({ value: PASSWORD, secret: true });
    }
  });

  it("are refused under the names that the program uses", () => {
    expect(() => resolveArguments({ live: "green", blue: { version: "7.0" } }, options)).toThrow(
      new pulumi.RunError(
        "RedisBlueGreen cache has 1 problem; nothing was changed:\n  1. args.live is green, a colour without a deployment, but must be blue: set it to blue, or add args.green and cut over once it is in sync.",
      ),
    );
  });
});

describe("a password that becomes known later than the rest", () => {
  const path = (key: string): string => `args.${key}`;
  const key = "auth.operatorPassword";
  const exposure = exposureOf("0.0.0.0", {})!;

  it.each([
    [
      "weak-weak-weak",
      "a password of less than 16 characters, but must be at least 16 characters of at least 6 kinds where args.endpoint.host is not on loopback: set a long random one, or set args.endpoint.host to 127.0.0.1.",
    ],
    [
      "",
      "empty, but must be text on one line, at most 1,000 characters: set it as a secret, in quotes where it is made of digits.",
    ],
    [
      undefined,
      "empty, but must be text on one line, at most 1,000 characters: set it as a secret, in quotes where it is made of digits.",
    ],
  ])("is refused as one that was known: %j", (password, sentence) => {
    const problem = passwordProblem(key, password, { path, exposure });
    expect(problem?.message).toBe(`args.auth.operatorPassword is ${sentence}`);
  });

  it("may be weak where nobody else reaches the endpoint", () => {
    expect(passwordProblem(key, "weak", { path })).toBeUndefined();
    expect(passwordProblem(key, PASSWORD, { path, exposure })).toBeUndefined();
  });
});
