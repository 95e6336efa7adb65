import type Docker from "dockerode";
import { createOptions, updateOptions } from "./containerConfig.ts";
import { containerSchema, updatedInPlace } from "./containerSchema.ts";
import { startUp } from "./containerStart.ts";
import { readState } from "./containerState.ts";
import { asContainer } from "./containerTypes.ts";
import { refusal, step, unless, unlessSaid } from "./dockerClient.ts";
import { findImage } from "./image.ts";
import type { Inspected } from "./inspected.ts";
import type { Properties } from "./properties.ts";
import { LeftBehind, type Created, type ResourceType, type Update } from "./resourceType.ts";

/** `docker:index/container:Container`. */
export const container: ResourceType = {
  schema: containerSchema,
  alwaysDeleteBeforeReplace: true,
  create,
  read,
  update,
  delete: remove,
};

async function create(docker: Docker, planned: Properties): Promise<Created> {
  const wanted = asContainer(planned);
  await findImage(docker, wanted.image ?? "");
  const { id } = await step("Unable to create container", docker.createContainer(createOptions(wanted)));
  try {
    const results = await startUp(docker, docker.getContainer(id), wanted);
    const state = await read(docker, id, { ...planned, ...results });
    if (!state) throw new Error("the container is gone already");
    return { id, state };
  } catch (error) {
    throw new LeftBehind(id, error);
  }
}

async function read(docker: Docker, id: string, state: Properties): Promise<Properties | undefined> {
  const found = await unless([404], docker.getContainer(id).inspect());
  // A name or a short id that happens to fit would be somebody else's container.
  return found?.Id === id ? readState(found as Inspected, state) : undefined;
}

async function update(docker: Docker, id: string, { olds, planned, changed }: Update): Promise<void> {
  const target = docker.getContainer(id);
  const wanted = asContainer(planned);
  const mustStart = changed.has("mustRun") && olds["mustRun"] !== true && wanted.mustRun === true;
  if (mustStart && wanted.start !== false)
    await step("Unable to start container", unless([304], target.start()));
  if (updatedInPlace.some((name) => changed.has(name)))
    await step("Unable to update a container", target.update(updateOptions(wanted)));
}

async function remove(docker: Docker, id: string, state: Properties): Promise<void> {
  const target = docker.getContainer(id);
  const { attach, destroyGraceSeconds = 0, removeVolumes = true, rm } = asContainer(state);
  // 304: stopped already. Without a grace in the state it is killed at once, whatever its stopTimeout.
  if (!attach)
    await step(
      "Error stopping container",
      unless([304, 404], target.stop({ t: Math.max(destroyGraceSeconds, 0) })),
    );
  const beingRemoved = ["No such container", "is already in progress"];
  await step(
    "Error deleting container",
    unlessSaid(beingRemoved, target.remove({ v: removeVolumes, force: true })),
  );
  await step("Error waiting for container removal", gone(target, rm === true));
}

async function gone(target: Docker.Container, automatic: boolean): Promise<void> {
  try {
    await target.wait({ condition: automatic ? "removed" : "not-running" });
  } catch (error) {
    if (refusal(error) !== 404) throw error;
  }
}
