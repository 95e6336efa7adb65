import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Removes a deployment's containers, volumes and networks from Docker, whatever a test that was killed left of them. By
 * ID: Docker can hold two networks of one name, which then can't be removed by it.
 * @param deployment with which the names of containers and volumes start, and the network's name
 */
export async function removeDeployment(deployment: string, env: NodeJS.ProcessEnv): Promise<void> {
  const script = `
    ids=$(docker ps -aq --filter 'name=^/?${deployment}-'); [ -z "$ids" ] || docker rm -f $ids
    ids=$(docker volume ls -q --filter 'name=^${deployment}-'); [ -z "$ids" ] || docker volume rm -f $ids
    ids=$(docker network ls -q --filter 'name=^${deployment}$'); [ -z "$ids" ] || docker network rm $ids`;
  await run("sh", ["-c", script], { env });
}
