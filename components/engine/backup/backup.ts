import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Colour } from "../colour.ts";
import type { Login } from "../credentials.ts";
import { fileTimestamp, writePrivately } from "../privateFile.ts";
import type { RedisServer } from "../redisServer.ts";
import type { ServerVersion } from "../serverVersion.ts";
import { copyRdb, type RdbCopy, type RdbCopyOptions } from "./rdbCopy.ts";
import { readSettings, type ServerSettings } from "./serverSettings.ts";

/** What is backed up, and where to. */
export interface BackupRequest extends RdbCopyOptions {
  /** Created with mode 0700 where it is missing. */
  directory: string;
  /** The deployment's name and the colour; both become part of the file's name. */
  name: string;
  colour: Colour;
}

/** A backup on disk; this is what stands in the JSON file beside the RDB. Holds no secret. */
export interface Backup extends Omit<RdbCopy, "file">, ServerSettings {
  schemaVersion: 1;
  name: string;
  colour: Colour;
  /** ISO 8601, UTC. */
  takenAt: string;
  server: ServerVersion;
  /** Absolute paths; both have mode 0600. */
  file: string;
  metadataFile: string;
}

/**
 * Writes `<directory>/<name>-<colour>-<UTC timestamp>.rdb` with a `.json` beside it. Nothing older is touched.
 * @throws BackupError, RedisServerError; no file remains then
 */
export async function takeBackup(server: RedisServer, login: Login, request: BackupRequest): Promise<Backup> {
  const directory = resolve(request.directory);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const takenAt = new Date();
  const stem = join(directory, `${request.name}-${request.colour}-${fileTimestamp(takenAt)}`);
  const settings = await readSettings(server);
  const version = await server.version();
  const copy = await copyRdb(server, login, `${stem}.rdb`, request);
  const backup: Backup = {
    schemaVersion: 1,
    name: request.name,
    colour: request.colour,
    takenAt: takenAt.toISOString(),
    server: version,
    metadataFile: `${stem}.json`,
    ...copy,
    ...settings,
  };
  await writePrivately(backup.metadataFile, `${JSON.stringify(backup, null, 2)}\n`);
  return backup;
}
