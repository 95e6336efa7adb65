import Docker from "dockerode";

/** The daemon at `host`, else at DOCKER_HOST, else at the socket. Contacts nobody. */
export function dockerClient(host: string | undefined): Docker {
  const context = process.env["DOCKER_CONTEXT"];
  if (context !== undefined && context !== "" && context !== "default")
    throw new Error(
      "DOCKER_CONTEXT is set, and the stand-in for the Docker plugin reads no contexts: set DOCKER_HOST instead",
    );
  if (host === undefined) return new Docker();
  const url = new URL(host);
  if (url.protocol === "unix:") return new Docker({ socketPath: url.pathname });
  return new Docker({ protocol: "http", host: url.hostname, port: url.port });
}

/** The HTTP status with which the daemon refused, if it was the daemon. */
export function refusal(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
}

/** The result, or undefined where the daemon refuses with one of these statuses. */
export async function unless<T>(statuses: number[], action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (statuses.includes(refusal(error) ?? 0)) return undefined;
    throw error;
  }
}

/** The result, or undefined where the daemon's refusal contains one of these texts. */
export async function unlessSaid<T>(texts: string[], action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    const message = messageOf(error).toLowerCase();
    if (texts.some((text) => message.includes(text.toLowerCase()))) return undefined;
    throw error;
  }
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Does it, and says at which step it failed. */
export async function step<T>(failure: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    throw new Error(`${failure}: ${messageOf(error)}`, { cause: error });
  }
}
