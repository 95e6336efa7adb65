import type { Arguments, ColourArguments, DeploymentArguments } from "../arguments.ts";
import { isBridged } from "../bridgeUse.ts";
import { otherColour } from "../engine/colour.ts";
import { canReplicate } from "../engine/compatibility/matrix.ts";
import { formatVersion } from "../engine/serverVersion.ts";
import type { Problems } from "./problem.ts";

/**
 * Notes a standby that can't copy from the live colour, and that no bridge copies to.
 *
 * Which pairs are refused depends on what the configuration alone can't tell. A standby that starts empty
 * (`newStandby`) must be able to take a full copy. One that was live before a cutover needs none: with 7.0 behind
 * 8.0 the rollback link goes on from the same offset. Without that knowledge a pair is refused only where neither
 * can copy from the other.
 *
 * The version of an existing server isn't in the configuration; preflight asks it.
 */
export function checkReplication(
  problems: Problems,
  args: Pick<Arguments, "live" | "blue" | "green" | "bridge">,
  newStandby: boolean,
): void {
  const standbyColour = otherColour(args.live);
  const [live, standby] = [args[args.live], args[standbyColour]];
  if (!isDeployment(live) || !isDeployment(standby) || isBridged(args)) return;
  const forward = canReplicate(live, standby);
  if (forward.ok || (!newStandby && canReplicate(standby, live).ok)) return;
  problems.add(`${standbyColour}.version`, {
    found: `${formatVersion(standby)}, which can't copy from ${formatVersion(live)} on ${args.live}`,
    allowed: `a version that can, as ${forward.reason}`,
    cure: `set a version that reads what ${args.live} writes, as a rule a newer one of the same product, or let the bridge copy (${problems.path("bridge.use")}: always)`,
  });
}

function isDeployment(args: ColourArguments | undefined): args is DeploymentArguments {
  return args?.external === false;
}
