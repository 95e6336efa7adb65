import { readdirSync, readFileSync } from "node:fs";
import { until } from "../../components/engine/until.ts";

/**
 * Kills a process and all that descends from it with SIGKILL, whichever process groups they are in, and waits until
 * every one of them is gone: what a machine does that loses its power.
 * @returns the command names of what was killed
 */
export async function killTree(root: number): Promise<string[]> {
  const killed = new Map<number, string>();
  // Again until nothing new turns up: a process may have started a child in between.
  for (let tree = livingTree(root); tree.size > 0; tree = livingTree(root)) {
    for (const [pid, name] of tree) {
      killed.set(pid, name);
      kill(pid);
    }
    for (const pid of killed.keys()) await awaitEnd(pid, 60_000);
  }
  return [...killed.values()];
}

/**
 * Kills a process and all that descends from it with SIGKILL, but for those with a word in their command line.
 * @returns resolves when these have ended by themselves
 */
export async function killTreeBut(root: number, word: string, endsWithinMs: number): Promise<void> {
  const tree = [...livingTree(root).keys()];
  const spared = tree.filter((pid) => commandLine(pid).includes(word));
  if (spared.length === 0) throw new Error(`no process below ${root} is called ${word}`);
  for (const pid of tree) if (!spared.includes(pid)) kill(pid);
  await Promise.all(spared.map((pid) => awaitEnd(pid, endsWithinMs)));
}

/** Stops a process and all that descends from it with SIGSTOP, or lets them go on with SIGCONT. */
export function signalTree(root: number, signal: "SIGSTOP" | "SIGCONT"): void {
  for (const pid of livingTree(root).keys()) kill(pid, signal);
}

function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

interface ProcessLine {
  name: string;
  state: string;
  parent: number;
}

function processLine(pid: number): ProcessLine | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name is in parentheses and may itself hold spaces and parentheses.
    const close = text.lastIndexOf(")");
    const [state = "", parent = "0"] = text.slice(close + 2).split(" ");
    return { name: text.slice(text.indexOf("(") + 1, close), state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

function awaitEnd(pid: number, timeoutMs: number): Promise<true> {
  return until(() => Promise.resolve(isGone(pid) ? true : undefined), {
    timeoutMs,
    intervalMs: 5,
    what: `process ${pid} ends`,
  });
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

function isGone(pid: number): boolean {
  const line = processLine(pid);
  return line === undefined || line.state === "Z";
}

function livingTree(root: number): Map<number, string> {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), line: processLine(Number(name)) }));
  const tree = new Map<number, string>();
  const visit = (pid: number): void => {
    const own = all.find((process) => process.pid === pid)?.line;
    if (own !== undefined && own.state !== "Z") tree.set(pid, own.name);
    for (const child of all) if (child.line?.parent === pid) visit(child.pid);
  };
  visit(root);
  return tree;
}
