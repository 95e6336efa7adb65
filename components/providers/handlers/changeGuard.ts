import type { dynamic } from "@pulumi/pulumi";
import { changeProblems, type ChangeProblem, type ChangeRequest } from "../../engine/changeRules.ts";
import { COLOURS, otherColour } from "../../engine/colour.ts";
import { portInUse } from "../../engine/preflight/ports.ts";
import type { ChangeGuardInputs } from "../changeGuard.ts";
import { deployedColours, endsAtItsStart } from "./deployedColours.ts";
import { publishedByItself } from "./publishedPorts.ts";
import { inputsDiff } from "./inputsDiff.ts";
import { servingColour } from "./servingColour.ts";
import { splitPort } from "./splitPort.ts";

/** What the change guard's provider functions hand over to. */
export const changeGuard = {
  async check(
    olds: Partial<ChangeGuardInputs>,
    news: ChangeGuardInputs,
  ): Promise<dynamic.CheckResult<ChangeGuardInputs>> {
    const before = isDeployed(olds) ? await deployedPart(olds) : undefined;
    const changes = changeProblems(before, news);
    if (changes.length > 0)
      changes.push(...unfinished(olds, before), ...(await neverStarted(news, before, changes)));
    const added = news.ports.filter((port) => !(olds.ports ?? []).includes(port));
    const own = added.length === 0 ? [] : await publishedByItself(news);
    const fresh = added.filter((port) => !own.includes(splitPort(port).port));
    const ports = await Promise.all(fresh.map((port) => portProblem(port, news.pathPrefix)));
    const reasons = [
      ...changes.map(({ path, reason }) => `${news.pathPrefix}${path}: ${reason}`),
      ...ports.filter((reason) => reason !== undefined),
    ];
    return { inputs: news, failures: reasons.map((reason) => ({ property: "", reason })) };
  },

  diff(_id: string, olds: ChangeGuardInputs, news: ChangeGuardInputs): Promise<dynamic.DiffResult> {
    return Promise.resolve(inputsDiff(COMPARED, olds, news));
  },

  create(inputs: ChangeGuardInputs): Promise<dynamic.CreateResult> {
    return Promise.resolve({ id: "change-guard", outs: inputs });
  },

  update(_id: string, _olds: ChangeGuardInputs, news: ChangeGuardInputs): Promise<dynamic.UpdateResult> {
    return Promise.resolve({ outs: news });
  },
};

const COMPARED = [
  "name",
  "live",
  "blue",
  "green",
  "ports",
  "pathPrefix",
] as const satisfies readonly (keyof ChangeGuardInputs)[];

function isDeployed(olds: Partial<ChangeGuardInputs>): olds is ChangeGuardInputs {
  return olds.live !== undefined;
}

/** The last update without the colours that it failed to create, and with the one live that it left so. */
async function deployedPart(olds: ChangeGuardInputs): Promise<ChangeRequest> {
  const [deployed, serving] = await Promise.all([deployedColours(olds), servingColour(olds)]);
  const part: ChangeRequest = { live: serving ?? olds.live };
  for (const colour of COLOURS) {
    const spec = olds[colour];
    if (spec !== undefined && deployed.includes(colour)) part[colour] = spec;
  }
  return part;
}

/** Why a colour is called live that the config of the last update did not call so. */
function unfinished(olds: Partial<ChangeGuardInputs>, before: ChangeRequest | undefined): ChangeProblem[] {
  if (before === undefined || olds.live === undefined || before.live === olds.live) return [];
  const reason = `${before.live} serves the clients, although the last update was to make ${olds.live} live. Run pulumi up without any other change to finish that, or set live: ${before.live}`;
  return [{ path: "live", reason }];
}

/**
 * How a first deployment whose server ends over one of its settings gets another one: its container was created, so that it
 * counts as live, and its first configuration is given to a container at birth.
 */
async function neverStarted(
  news: ChangeGuardInputs,
  before: ChangeRequest | undefined,
  changes: readonly ChangeProblem[],
): Promise<ChangeProblem[]> {
  if (before === undefined || before[otherColour(before.live)] !== undefined) return [];
  const { live } = before;
  const path = `${live}.redis`;
  if (changes.some((change) => change.path !== path)) return [];
  if (!(await endsAtItsStart(`${news.name}-${live}-0`))) return [];
  const reason = `or, where ${live} never started because of such a setting (it ends again and again now): docker rm -f ${news.name}-${live}-0, pulumi refresh, and pulumi up with the change. Its volume stays`;
  return [{ path, reason }];
}

async function portProblem(port: string, pathPrefix: string): Promise<string | undefined> {
  const where = `${pathPrefix}endpoint, bridge.statusPort or the colour's operatorPort`;
  try {
    if (!(await portInUse(splitPort(port)))) return undefined;
    return `port ${port} is taken by another process. Stop it, or choose another port in ${where}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Low ports need rights that the Docker daemon has, whoever runs Pulumi.
    if (code === "EACCES") return undefined;
    return `port ${port} can't be listened on (${code ?? String(error)}). Choose an address of this machine and another port in ${where}`;
  }
}
