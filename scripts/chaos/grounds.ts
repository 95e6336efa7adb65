import { COLOURS, type Colour } from "../../components/engine/colour.ts";
import type { StackConfig, TestStack } from "../../test/support/testStack.ts";
import { clockImage } from "./clockImage.ts";

/**
 * What a fault needs to be made in:
 * - `rdb`: nothing special;
 * - `aof`: servers that append every write to a file before they answer, so that a killed one loses nothing;
 * - `small disk`: data on a file system of its own, small enough to be filled;
 * - `clock`: servers whose clocks can be set.
 */
export const GROUNDS = ["rdb", "aof", "small disk", "clock"] as const;
export type Ground = (typeof GROUNDS)[number];

/** The versions of the colours. */
export type Versions = Record<Colour, string>;

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
  }
}

/** Removes what `prepareGround` made and the stack's own removal does not know of. */
export async function clearGround(stack: TestStack, ground: Ground, versions: Versions): Promise<void> {
  if (ground !== "clock") return;
  await stack.docker("image", "rm", "--force", `${stack.deployment}:${versions.blue}`);
}

function spec(version: string, more: StackConfig): StackConfig {
  return { version, memory: MEMORY_MIB, persistence: "rdb", ...more };
}

function eachColour(specOf: (colour: Colour) => StackConfig): StackConfig {
  return Object.fromEntries(COLOURS.map((colour) => [colour, specOf(colour)]));
}

/**
 * Makes a colour's volume before the update does, on a file system in memory. Docker keeps that only while a container
 * uses it; one that does nothing else lets the files outlive the server's restarts, as files on a disk do.
 */
async function smallDisk(stack: TestStack, colour: Colour, version: string): Promise<void> {
  const volume = `${stack.deployment}-${colour}-0-redis-${version}`;
  const options = ["type=tmpfs", "device=tmpfs", `o=size=${DISK_MIB}m`].flatMap((option) => [
    "--opt",
    option,
  ]);
  await stack.docker("volume", "create", "--driver", "local", ...options, volume);
  const keeper = ["--name", `${stack.deployment}-${colour}-disk`, "--volume", `${volume}:/data`];
  await stack.docker("run", "--detach", ...keeper, "--entrypoint", "sleep", `redis:${version}`, "infinity");
}
