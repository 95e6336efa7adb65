import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSettings, SettingsError } from "../../../components/engine/bridge/processSettings.ts";

const SECRET = "a-password-nobody-may-read";
const WHOLE = {
  REDIS_BRIDGE_BLUE_HOST: "blue.example",
  REDIS_BRIDGE_BLUE_PORT: "6379",
  REDIS_BRIDGE_BLUE_USERNAME: "bridge",
  REDIS_BRIDGE_BLUE_PASSWORD: SECRET,
  REDIS_BRIDGE_GREEN_HOST: "green.example",
  REDIS_BRIDGE_GREEN_PORT: "6380",
  REDIS_BRIDGE_GREEN_USERNAME: "bridge",
  REDIS_BRIDGE_GREEN_PASSWORD: SECRET,
};
const SETTINGS = {
  blue: {
    address: { host: "blue.example", port: 6_379 },
    login: { username: "bridge", password: SECRET },
  },
  green: {
    address: { host: "green.example", port: 6_380 },
    login: { username: "bridge", password: SECRET },
  },
  status: { host: "0.0.0.0", port: 9_121 },
};

/** What settings are refused with; a message never holds a password. */
function refusal(environment: Record<string, string | undefined>): string {
  try {
    readSettings(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    const { message } = error as SettingsError;
    expect(message).not.toContain(SECRET);
    expect((error as SettingsError).cause).toBeUndefined();
    return message;
  }
  throw new Error("the settings were taken");
}

describe("settings of the environment", () => {
  it("are read whole, with defaults for the status alone", () => {
    expect(readSettings(WHOLE)).toEqual(SETTINGS);
    const status = { REDIS_BRIDGE_STATUS_HOST: "127.0.0.1", REDIS_BRIDGE_STATUS_PORT: "0" };
    expect(readSettings({ ...WHOLE, ...status }).status).toEqual({ host: "127.0.0.1", port: 0 });
    const { blue } = readSettings({ ...WHOLE, REDIS_BRIDGE_BLUE_PASSWORD: undefined });
    expect(blue.login).toEqual({ username: "bridge" });
  });

  it.each([
    ["REDIS_BRIDGE_BLUE_HOST", undefined, "blue's host is missing"],
    ["REDIS_BRIDGE_BLUE_HOST", "", "blue's host is missing"],
    ["REDIS_BRIDGE_GREEN_HOST", undefined, "green's host is missing"],
    ["REDIS_BRIDGE_BLUE_USERNAME", undefined, "blue's username is missing"],
    ["REDIS_BRIDGE_GREEN_USERNAME", "", "green's username is missing"],
    ["REDIS_BRIDGE_BLUE_PORT", undefined, "blue's port must be a number from 1 to 65535"],
    ["REDIS_BRIDGE_BLUE_PORT", "", "blue's port must be a number from 1 to 65535"],
    ["REDIS_BRIDGE_GREEN_PORT", "0", "green's port must be a number from 1 to 65535"],
    ["REDIS_BRIDGE_GREEN_PORT", "65536", "green's port must be a number from 1 to 65535"],
    ["REDIS_BRIDGE_GREEN_PORT", "6379.5", "green's port must be a number from 1 to 65535"],
    ["REDIS_BRIDGE_GREEN_PORT", "redis", "green's port must be a number from 1 to 65535"],
    ["REDIS_BRIDGE_STATUS_PORT", "-1", "status's port must be a number from 0 to 65535"],
  ])("with %s %j are refused", (name, value, message) => {
    expect(refusal({ ...WHOLE, [name]: value })).toBe(message);
  });
});

describe("settings of a file", () => {
  let folder: string;
  const file = (content: string): Record<string, string> => {
    const path = join(folder, "settings.json");
    writeFileSync(path, content);
    return { REDIS_BRIDGE_SETTINGS: path };
  };
  const end = (name: string, port: number): Record<string, unknown> => ({
    host: `${name}.example`,
    port,
    username: "bridge",
    password: SECRET,
  });
  const whole = { blue: end("blue", 6_379), green: end("green", 6_380) };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bridge-settings-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("go before the environment's", () => {
    expect(readSettings({ ...file(JSON.stringify(whole)), REDIS_BRIDGE_BLUE_HOST: "elsewhere" })).toEqual(
      SETTINGS,
    );
  });

  it.each([
    [{ ...whole, blue: undefined }, "blue's host is missing"],
    [{ ...whole, green: "green.example:6380" }, "green's host is missing"],
    [{ ...whole, blue: { ...whole.blue, host: 7 } }, "blue's host is missing"],
    [{ ...whole, blue: { ...whole.blue, username: null } }, "blue's username is missing"],
    [{ ...whole, blue: { ...whole.blue, password: [SECRET] } }, "blue's password must be a text"],
    [{ ...whole, green: { ...whole.green, port: {} } }, "green's port must be a number from 1 to 65535"],
    [{ ...whole, green: { ...whole.green, port: null } }, "green's port must be a number from 1 to 65535"],
    [{ ...whole, green: { ...whole.green, port: true } }, "green's port must be a number from 1 to 65535"],
    [{ ...whole, status: { host: 1 } }, "status's host must be a text"],
    [[], "blue's host is missing"],
  ])("%# are refused", (content, message) => {
    expect(refusal(file(JSON.stringify(content)))).toBe(message);
  });

  it("that can't be read, or are no JSON, are refused without a word of what they hold", () => {
    expect(refusal(file(`{"blue": {"password": "${SECRET}"`))).toBe(
      "the settings file named by REDIS_BRIDGE_SETTINGS: it is not JSON",
    );
    expect(refusal({ REDIS_BRIDGE_SETTINGS: join(folder, "absent.json") })).toBe(
      "the settings file named by REDIS_BRIDGE_SETTINGS: it can't be read",
    );
  });
});
