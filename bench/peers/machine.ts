import { cpus, totalmem } from "node:os";
import Docker from "dockerode";

/** On what a run was made; nothing that names the machine. */
export interface Machine {
  cores: number;
  memoryGb: number;
  cpu: string;
  node: string;
  docker: string;
  /** By image tag: what the servers said. */
  servers: Record<string, string>;
}

/** Looks at this machine; the servers are filled in once they have said what they are. */
export async function lookAtMachine(): Promise<Machine> {
  const { Version: docker } = await new Docker().version();
  return {
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    node: process.versions.node,
    docker,
    servers: {},
  };
}
