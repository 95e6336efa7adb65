import Docker from "dockerode";
import { DockerThrowawayServer } from "../../docker/throwawayServer.ts";
import { takeBackup, type Backup } from "../../engine/backup/backup.ts";
import { verifyBackup } from "../../engine/backup/verifyBackup.ts";
import { operatorLogin, type Deployment } from "../../engine/deployment.ts";
import type { TrafficSwitchInputs } from "../trafficSwitch.ts";
import { inProjectFolder } from "./projectFolder.ts";
import { say } from "./say.ts";

/** Copies a colour's primary to an RDB file beside its metadata. */
export async function backUp(deployment: Deployment, inputs: TrafficSwitchInputs): Promise<Backup> {
  return takeBackup(deployment.primary, operatorLogin(deployment.target, inputs.credentials), {
    directory: inProjectFolder(inputs.backupDirectory),
    name: inputs.name,
    colour: deployment.colour,
  });
}

/** Copies a colour's primary and proves the copy by loading it into a throw-away server of the same version. */
export async function takeFinalBackup(deployment: Deployment, inputs: TrafficSwitchInputs): Promise<Backup> {
  const { colour } = deployment;
  say(`final backup of ${colour}: copying`);
  const backup = await backUp(deployment, inputs);
  const image = inputs.images[colour];
  if (image === undefined) {
    const checked = backup.checksummed ? "checksum verified" : "without a checksum (rdbchecksum no)";
    say(`final backup of ${colour}: ${backup.file}, ${checked}; there is no image to load it with`);
    return backup;
  }
  const throwaway = new DockerThrowawayServer({
    docker: new Docker(),
    containerName: `${inputs.name}-${colour}-verify`,
    image: () => image,
  });
  const proof = await verifyBackup(backup, throwaway);
  say(
    `final backup of ${colour}: ${backup.file}, ${backup.bytes} bytes, loaded into a throw-away server: ${proof.keysLoaded} keys`,
  );
  return backup;
}
