import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { COLOURS, type Colour } from "../../components/engine/colour.ts";
import type { StackConfig, TestStack } from "../../test/support/testStack.ts";
import { clockImage } from "./clockImage.ts";

const run = promisify(execFile);

/**
 * What a fault needs to be made in:
 * - `rdb`: nothing special;
 * - `aof`: servers that append every write to a file before they answer, so that a killed one loses nothing;
 * - `small disk`: data on a file system of its own, small enough to be filled;
 * - `clock`: servers whose clocks can be set;
 * - `bridge`: an older version that needs the bridge to be the way back.
 */
export const GROUNDS = ["rdb", "aof", "small disk", "clock", "bridge"] as const;
/** One of them. */
export type Ground = (typeof GROUNDS)[number];

/** The versions of the colours. */
export type Versions = Record<Colour, string>;

/** Unless something else is asked for. */
export const USUAL: Versions = { blue: "7.0", green: "8.0" };

/** It can copy from 6.0, and 6.0 understands less of what it sends than replication can bring. */
const BRIDGED: Versions = { blue: "6.0", green: "8.0" };

const MEMORY_MIB = 128;
const DISK_MIB = 32;

/** Prepares Docker for a stack on this ground that is not deployed yet. @returns the config of both colours */
export async function prepareGround(
  stack: TestStack,
  ground: Ground,
  versions: Versions,
): Promise<StackConfig> {
  switch (ground) {
    case "rdb":
      return eachColour((colour) => spec(versions[colour], {}));
    case "aof":
      return eachColour((colour) =>
        spec(versions[colour], { persistence: "aof", redis: { appendfsync: "always" } }),
      );
    case "small disk":
      for (const colour of COLOURS) await smallDisk(stack, colour, versions[colour]);
      return eachColour((colour) => spec(versions[colour], {}));
    case "clock": {
      // Not every version runs with the library that sets its clock, so both colours have the one that does.
      const image = await clockImage(stack, versions.blue);
      return eachColour(() => spec(versions.blue, { image }));
    }
    case "bridge":
      return eachColour((colour) => spec(BRIDGED[colour], {}));
  }
}

/**
 * Takes away the image that `prepareGround` made, also one that a run left that was killed. After the stack's removal: the
 * image of a container that is there would only lose its name.
 * @param deployment with which its name begins
 */
export async function removeImage(deployment: string, ground: Ground, versions: Versions): Promise<void> {
  if (ground !== "clock") return;
  await run("docker", ["image", "rm", "--force", `${deployment}:${versions.blue}`]).catch(() => undefined);
}

/**
 * Unmounts what `prepareGround` mounted, also what a run left that was killed. Before the stack's removal: a volume goes
 * only then.
 * @param deployment with which the names of its volumes begin
 */
export async function unmountDisks(deployment: string, ground: Ground): Promise<void> {
  if (ground !== "small disk") return;
  const mounts = await readFile("/proc/mounts", "utf8");
  for (const line of mounts.split("\n")) {
    const [, folder = ""] = line.split(" ");
    if (folder.includes(`/${deployment}-`)) await run("umount", ["--lazy", folder]);
  }
}

function spec(version: string, more: StackConfig): StackConfig {
  return { version, memory: MEMORY_MIB, persistence: "rdb", ...more };
}

function eachColour(specOf: (colour: Colour) => StackConfig): StackConfig {
  return Object.fromEntries(COLOURS.map((colour) => [colour, specOf(colour)]));
}

/**
 * Makes a colour's volume before the update does, and mounts a file system in memory in its place: Docker could make the
 * volume of one, but that would be another volume than the update's, which would want to replace it.
 */
async function smallDisk(stack: TestStack, colour: Colour, version: string): Promise<void> {
  const volume = `${stack.deployment}-${colour}-0-redis-${version}`;
  await stack.docker("volume", "create", volume);
  const folder = (await stack.docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume)).trim();
  await run("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m,mode=1777`, "tmpfs", folder]);
}
