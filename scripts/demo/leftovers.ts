import Docker from "dockerode";

/**
 * Removes what Docker still has of a deployment once its stack is gone: its volumes, which outlive a stack on purpose,
 * and whatever a failed update left.
 * @param deploymentName with which the names of its containers, volumes and network start
 * @returns the names of what was removed
 */
export async function removeLeftovers(deploymentName: string): Promise<string[]> {
  const docker = new Docker();
  const removed: string[] = [];
  const isOurs = (name: string): boolean => name === deploymentName || name.startsWith(`${deploymentName}-`);
  for (const { Id, Names } of await docker.listContainers({ all: true })) {
    const name = Names.map((path) => path.slice(1)).find(isOurs);
    if (name === undefined) continue;
    await docker.getContainer(Id).remove({ force: true, v: true });
    removed.push(name);
  }
  for (const { Name } of (await docker.listVolumes()).Volumes) {
    if (!isOurs(Name)) continue;
    await docker.getVolume(Name).remove();
    removed.push(Name);
  }
  for (const { Id, Name } of await docker.listNetworks()) {
    if (!isOurs(Name)) continue;
    await docker.getNetwork(Id).remove();
    removed.push(Name);
  }
  return removed;
}
