import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClientTarget } from "../clients/messages.ts";
import { onGreen, throughProxy } from "../endpoints.ts";
import type { Scene } from "../scene.ts";
import { CREDENTIALS } from "../servers.ts";
import type { Contestant, OwnReport } from "./contestant.ts";
import type { CutoverOrder, CutoverReply } from "./cutoverProcess.ts";

/** This project's cutover, in a fresh process each time, as an update has it. */
export class Cutover implements Contestant {
  private readonly scene: Scene;
  private readonly backup: boolean;

  /** @param backup takes the backup that an update takes before it holds writes */
  constructor(scene: Scene, backup: boolean) {
    this.scene = scene;
    this.backup = backup;
  }

  prepare(): Promise<ClientTarget> {
    return Promise.resolve(throughProxy(this.scene.proxy));
  }

  async move(): Promise<OwnReport> {
    const { blue, green, proxy } = this.scene;
    const order: CutoverOrder = {
      from: blue.target,
      to: green.target,
      runtime: proxy.runtime,
      endpoint: proxy.write,
      credentials: CREDENTIALS,
    };
    if (!this.backup) return runProcess(order);
    const backupDirectory = await mkdtemp(join(tmpdir(), "redis-bluegreen-bench-"));
    try {
      return await runProcess({ ...order, backupDirectory });
    } finally {
      await rm(backupDirectory, { recursive: true, force: true });
    }
  }

  arrived(): ReturnType<Contestant["arrived"]> {
    return onGreen(this.scene);
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }
}

async function runProcess(order: CutoverOrder): Promise<OwnReport> {
  const child = fork(fileURLToPath(new URL("cutoverProcess.ts", import.meta.url)), [], { execArgv: [] });
  const exited = once(child, "exit");
  const over = new AbortController();
  try {
    const answered = once(child, "message", { signal: over.signal }) as Promise<[CutoverReply]>;
    answered.catch(() => undefined);
    child.send(order);
    const reply = await Promise.race([answered, exited.then(() => undefined)]);
    if (reply === undefined) throw new Error("the cutover's process ended without an answer");
    const [outcome] = reply;
    if ("error" in outcome) throw new Error(`cutover: ${outcome.error}`);
    return {
      phases: outcome.phases,
      ...(outcome.figures.writePauseMs === undefined ? {} : { pauseMs: outcome.figures.writePauseMs }),
    };
  } finally {
    over.abort();
    child.kill();
    await exited;
  }
}
