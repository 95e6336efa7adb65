import { readFileSync } from "node:fs";
import type { BridgeEnd, BridgeSettings } from "./bridge.ts";

/** What the bridge's process is started with. */
export interface ProcessSettings extends BridgeSettings {
  /** Where metrics and health are served. Port 0 takes a free one. */
  status: { host: string; port: number };
}

/** The settings can't be used; the message says which and why, and holds no password. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

/** Names a JSON file with the settings: `{ "blue": { "host", "port", "username", "password" }, "green": { … }, "status": { "host", "port" } }`. */
export const SETTINGS_FILE = "REDIS_BRIDGE_SETTINGS";

/**
 * Reads the settings from the file that `REDIS_BRIDGE_SETTINGS` names, or from `REDIS_BRIDGE_<BLUE|GREEN>_<HOST|PORT|
 * USERNAME|PASSWORD>` and `REDIS_BRIDGE_STATUS_<HOST|PORT>`.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): ProcessSettings {
  const file = environment[SETTINGS_FILE];
  const values = file === undefined ? fromEnvironment(environment) : fromFile(file);
  const status = fieldsOf(values["status"]);
  return {
    blue: endOf("blue", fieldsOf(values["blue"])),
    green: endOf("green", fieldsOf(values["green"])),
    status: {
      host: optionalText("status", "host", status["host"]) ?? "0.0.0.0",
      port: status["port"] === undefined ? 9_121 : portOf("status", status["port"], 0),
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fromFile(file: string): Fields {
  try {
    return fieldsOf(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    // A syntax error's message would quote the file, passwords included.
    const reason = error instanceof SyntaxError ? "it is not JSON" : "it can't be read";
    throw new SettingsError(`the settings file named by ${SETTINGS_FILE}: ${reason}`);
  }
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Fields {
  const part = (name: string): Fields =>
    Object.fromEntries(
      ["host", "port", "username", "password"].map((field) => [
        field,
        environment[`REDIS_BRIDGE_${name}_${field.toUpperCase()}`],
      ]),
    );
  return { blue: part("BLUE"), green: part("GREEN"), status: part("STATUS") };
}

function endOf(name: string, fields: Fields): BridgeEnd {
  const host = textOf(fields["host"]);
  const username = textOf(fields["username"]);
  const password = optionalText(name, "password", fields["password"]);
  if (host === undefined) throw new SettingsError(`${name}'s host is missing`);
  if (username === undefined) throw new SettingsError(`${name}'s username is missing`);
  return {
    address: { host, port: portOf(name, fields["port"], 1) },
    login: password === undefined ? { username } : { username, password },
  };
}

function portOf(name: string, value: unknown, least: number): number {
  const port = typeof value === "number" || textOf(value) !== undefined ? Number(value) : NaN;
  if (!Number.isInteger(port) || port < least || port > 65_535) {
    throw new SettingsError(`${name}'s port must be a number from ${least} to 65535`);
  }
  return port;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function optionalText(name: string, field: string, value: unknown): string | undefined {
  if (value !== undefined && typeof value !== "string") {
    throw new SettingsError(`${name}'s ${field} must be a text`);
  }
  return textOf(value);
}
