import type Docker from "dockerode";
import { messageOf, unless } from "./dockerClient.ts";

/** The local image of this name, tag, digest or id; pulled only where it is absent. */
export async function findImage(docker: Docker, name: string): Promise<Docker.ImageInspectInfo> {
  const local = await unless([404], docker.getImage(name).inspect());
  if (local) return local;
  try {
    await pull(docker, name);
    return await docker.getImage(name).inspect();
  } catch (error) {
    throw new Error(`unable to find or pull image ${name}: ${messageOf(error)}`, { cause: error });
  }
}

async function pull(docker: Docker, name: string): Promise<void> {
  // Without a tag the daemon would pull every tag there is.
  const reference = /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
  const stream = await docker.pull(reference);
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
