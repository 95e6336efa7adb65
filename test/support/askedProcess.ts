import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../components/engine/messageOf.ts";

/** What a process that is asked answers where it failed to. */
interface Failed {
  type: "failed";
  message: string;
}

/**
 * A Node process of its own that answers each request with one reply; both are objects with a `type`.
 * `Req` and `Rep` are the unions of them.
 */
export class AskedProcess<Req extends { type: string }, Rep extends { type: string }> {
  readonly #child: ChildProcess;
  readonly #what: string;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * Starts it.
   * @param file its program
   * @param what it is, for error messages
   */
  constructor(file: URL, what: string) {
    // By structured clone: JSON has no Infinity. No execArgv: a test runner's loaders have no business in there.
    this.#child = fork(fileURLToPath(file), [], { execArgv: [], serialization: "advanced" });
    this.#what = what;
  }

  /**
   * Asks, after what was asked before is answered.
   * @throws Error where it ends first, says that it failed, or answers something else
   */
  async ask<T extends Rep["type"]>(request: Req, type: T): Promise<Extract<Rep, { type: T }>> {
    const reply = this.#turn.then(() => this.#exchange(request));
    this.#turn = reply.catch(() => undefined);
    const answer = await reply;
    if (isFailed(answer)) throw new Error(`${this.#what}: ${answer.message}`);
    if (answer.type !== type) throw new Error(`${this.#what} answered ${answer.type} to ${request.type}`);
    return answer as Extract<Rep, { type: T }>;
  }

  /** Ends it at once; no-op where it has ended. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async #exchange(request: Req): Promise<Rep | Failed> {
    const child = this.#child;
    if (!child.connected) throw new Error(`${this.#what} has ended`);
    const over = new AbortController();
    try {
      const answer = once(child, "message", { signal: over.signal }) as Promise<[Rep | Failed]>;
      const end = once(child, "exit", { signal: over.signal }).then(() => {
        throw new Error(`${this.#what} ended before it answered to ${request.type}`);
      });
      end.catch(() => undefined);
      child.send(request);
      return (await Promise.race([answer, end]))[0];
    } finally {
      over.abort();
    }
  }
}

/** The other side: has this process answer each request, and end with its parent. */
export function answerRequests(answer: (request: never) => Promise<{ type: string }>): void {
  process.on("message", (request: unknown) => {
    answer(request as never)
      .catch((error: unknown): Failed => ({
        type: "failed",
        message: messageOf(error),
      }))
      .then((reply) => process.send?.(reply))
      .catch(() => process.exit(1));
  });
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C reaches the whole process group; the parent decides when this one ends.
  process.on("SIGINT", () => undefined);
}

function isFailed(reply: { type: string }): reply is Failed {
  return reply.type === "failed";
}
