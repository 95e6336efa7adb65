import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, test } from "vitest";
import { register, type Program } from "../support/registered.ts";

const PASSWORDS = {
  applicationPassword: "application-password-1",
  operatorPassword: "operator-password-2",
  replicationPassword: "replication-password-3",
};
const EXISTING = "existing-password-4";

describe("passwords among the inputs", () => {
  let program: Program;

  beforeAll(async () => {
    program = await register({
      live: "blue",
      blue: { address: "redis://admin@127.0.0.1:6399", password: pulumi.secret(EXISTING) },
      green: { version: "8.0", replicas: 1 },
      auth: { ...PASSWORDS, operatorPassword: pulumi.secret(PASSWORDS.operatorPassword) },
    });
  });

  test("stand nowhere but in secrets", () => {
    for (const { name, inputs } of program.registered) {
      const clear = JSON.stringify(withoutSecrets(inputs));
      for (const password of [...Object.values(PASSWORDS), EXISTING]) {
        expect(clear, name).not.toContain(password);
      }
    }
  });

  test("reach the switch and the links as a secret", () => {
    for (const type of ["TrafficSwitch", "ReplicationLink"]) {
      const [resource] = program.all(type);
      expect(resource?.inputs["credentials"]).toEqual({
        secret: {
          application: { username: "default", password: PASSWORDS.applicationPassword },
          operator: { username: "redis-bluegreen-operator", password: PASSWORDS.operatorPassword },
          replication: { username: "redis-bluegreen-replication", password: PASSWORDS.replicationPassword },
          existing: { blue: { username: "admin", password: EXISTING } },
        },
      });
      expect(resource?.options.additionalSecretOutputs).toContain("credentials");
    }
  });

  test("make the first configuration of a server a secret, which only root may read in the container", () => {
    const servers = program.all("container:Container").filter(({ name }) => name.startsWith("redis-green"));
    expect(servers).toHaveLength(2);
    for (const { inputs, options } of servers) {
      expect(inputs["uploads"]).toEqual({
        secret: [
          {
            file: "/etc/redis-bluegreen/redis.conf",
            content: expect.stringContaining(`masterauth "${PASSWORDS.replicationPassword}"`) as string,
            permissions: "0600",
          },
        ],
      });
      expect(options.additionalSecretOutputs).toContain("uploads");
    }
  });

  test("are not what an existing server's login is used for elsewhere: its password is no part of a configuration", () => {
    for (const { inputs } of program.all("container:Container")) {
      expect(JSON.stringify(inputs)).not.toContain(EXISTING);
    }
  });
});

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if ("secret" in value) return "secret";
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(item)]));
}
