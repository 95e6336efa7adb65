import { readFile } from "node:fs/promises";
import { otherColour, type Colour } from "../../components/engine/colour.ts";
import { PROXY_USER } from "../../components/engine/users.ts";
import type { StackConfig, TestStack } from "../../test/support/testStack.ts";
import { isBackupOnly, isLinked, openColour, wouldLose } from "./observe.ts";

/** How often `pulumi up` may be needed. */
const MOST_UPS = 3;

/** Where `pulumi up` again and again led to. */
export interface Convergence {
  ups: number;
  /** One colour serves and the other follows, or is said not to. */
  converged: boolean;
  /** The standby is to follow: its way back is not a backup. */
  isLinkable: boolean;
  /** What a rollback is, as the stack's output says it after the last `up` that succeeded. */
  wayBack?: string;
  /** The colour that serves. */
  live: Colour | undefined;
  /** What the last `up` that failed said. */
  sentence?: string;
  /** Everything that it found wrong. */
  complaints: string[];
  /** The sentence asks for a decision, since going on by itself would lose data. */
  needsOperator: boolean;
}

/** Runs `pulumi up` as the user does, until the colour that the config wants serves. */
export async function converge(stack: TestStack, to: Colour): Promise<Convergence> {
  const result: Convergence = {
    ups: 0,
    converged: false,
    isLinkable: true,
    live: undefined,
    needsOperator: false,
    complaints: [],
  };
  let wanted = to;
  while (result.ups < MOST_UPS && !result.converged) {
    result.ups += 1;
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    if (code === 0) {
      result.wayBack = (await stack.outputs())["rollback"] ?? "";
      result.isLinkable = !isBackupOnly(result.wayBack);
      result.converged =
        (await openColour(stack)) === wanted && (!result.isLinkable || (await isLinked(stack, wanted)));
      continue;
    }
    result.complaints = complaintsIn(output);
    result.sentence = sentenceOf(output);
    const decided = await decide(stack, result.complaints.join(". "), to);
    if (decided === undefined) continue;
    result.needsOperator = true;
    wanted = decided;
  }
  result.live = await openColour(stack);
  return result;
}

/**
 * Does what the update asks of the operator, where it had to ask: where the colours differ, so that going on by itself
 * could lose what only one of them holds.
 * @returns the colour that is to be live from now on; undefined where there was no need to ask
 */
async function decide(stack: TestStack, complaints: string, to: Colour): Promise<Colour | undefined> {
  const stay = otherColour(to);
  if (complaints.includes(`eave live: ${stay}`) || complaints.includes(`un pulumi up with live: ${stay}`)) {
    if (!(await wouldLose(stack))) return undefined;
    await stack.edit({ live: stay });
    return stay;
  }
  if (complaints.includes(`${to}.reseed: true`)) {
    if (!(await wouldLose(stack))) return undefined;
    await stack.edit({ live: stay, [to]: { ...(await specOf(stack, to)), reseed: true } });
    return stay;
  }
  // A server that was promoted and restarted before it was known to serve: whether it took writes it can't tell any
  // more. The operator can, by comparing.
  if (!complaints.includes("the servers don't tell which one holds the last write")) return undefined;
  if (await wouldLose(stack)) return undefined;
  await stack.withServer(to, async (server) => {
    await server.configSet("min-replicas-to-write", 0);
    await server.call("ACL", "SETUSER", PROXY_USER, "resetkeys", "on");
    await server.configRewrite();
  });
  return to;
}

/** What the stack's file says of a colour. */
async function specOf(stack: TestStack, colour: Colour): Promise<StackConfig> {
  const file = JSON.parse(await readFile(stack.configFile, "utf8")) as {
    config: Record<string, StackConfig>;
  };
  return file.config[`redis-bluegreen:${colour}`] ?? {};
}

/** The sentence in which a failed update says why, without Pulumi's own frame. */
export function sentenceOf(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const complaints = complaintsIn(output);
  // Of failed checks the one on the standby's role or its link says what to do; those behind it follow from it.
  const telling = complaints.find((complaint) => /^(role of standby|link: lost|drift)/.test(complaint));
  return telling ?? complaints.at(-1) ?? lines.filter((line) => line !== "").at(-1) ?? "";
}

/** Everything that a failed update found wrong. */
function complaintsIn(output: string): string[] {
  const found = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^(error: |cutover to |role of |\w+ does not answer)/.test(line))
    .map((line) => line.replace(/^error: /, "").replace(/^\S+ resource '\S+' has a problem: /, ""));
  const telling = found.filter((line) => !/^(update|preview) failed/.test(line));
  return [...new Set(telling.length === 0 ? found : telling)];
}
