import Docker from "dockerode";
import { rollbackVerdict } from "../../components/engine/compatibility/rollbackVerdict.ts";
import { compareVersions, type ServerVersion } from "../../components/engine/serverVersion.ts";
import { COMMANDS_IN_USE } from "../../test/support/workload/workload.ts";

/** The versions that a demo upgrades from and to. */
export interface VersionPair {
  blue: ServerVersion;
  green: ServerVersion;
}

/** Versions among the image tags on the machine: Redis only, tags that are nothing but a version, oldest first. */
export async function versionsOnThisMachine(): Promise<ServerVersion[]> {
  const images = await new Docker().listImages();
  const tags = images.flatMap((image) => image.RepoTags ?? []);
  return tags
    .flatMap((tag) => /^redis:(\d+\.\d+(?:\.\d+)?)$/.exec(tag)?.[1] ?? [])
    .sort(compareVersions)
    .map((version) => ({ product: "redis", version }));
}

/**
 * The oldest version that has a newer one with a lossless rollback, and the newest such newer one. Given colours are
 * taken as they are.
 * @throws Error where no two versions go together
 */
export function pickVersions(available: readonly ServerVersion[], given: Partial<VersionPair>): VersionPair {
  if (given.blue !== undefined && given.green !== undefined) return { blue: given.blue, green: given.green };
  const newestFirst = available.toReversed();
  for (const blue of given.blue === undefined ? available : [given.blue]) {
    const newer = given.green === undefined ? newestFirst : [given.green];
    const green = newer.find((version) => isNewer(version, blue) && isLossless(blue, version));
    if (green !== undefined) return { blue, green };
  }
  const found = available.map(({ version }) => `redis:${version}`).join(", ") || "none";
  throw new Error(
    `no two images on this machine make an upgrade with a lossless way back (found: ${found}). ` +
      "Pull two, e.g. `docker pull redis:7.0 && docker pull redis:8.0`, or run `npm run setup`.",
  );
}

function isNewer(version: ServerVersion, than: ServerVersion): boolean {
  return version.product !== than.product || compareVersions(version.version, than.version) > 0;
}

function isLossless(blue: ServerVersion, green: ServerVersion): boolean {
  return rollbackVerdict(blue, green, COMMANDS_IN_USE).kind === "lossless (native)";
}
