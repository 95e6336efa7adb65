import type { dynamic } from "@pulumi/pulumi";
import { changeProblems } from "../../engine/changeRules.ts";
import { portInUse } from "../../engine/preflight/ports.ts";
import type { ChangeGuardInputs } from "../changeGuard.ts";

/** What the change guard's provider functions hand over to. */
export const changeGuard = {
  async check(
    olds: Partial<ChangeGuardInputs>,
    news: ChangeGuardInputs,
  ): Promise<dynamic.CheckResult<ChangeGuardInputs>> {
    const failures = isDeployed(olds)
      ? changeProblems(olds, news).map(({ path, reason }) => ({
          property: "",
          reason: `${news.pathPrefix}${path}: ${reason}`,
        }))
      : [];
    for (const port of news.ports.filter((p) => !(olds.ports ?? []).includes(p))) {
      if (!(await portInUse(splitPort(port)))) continue;
      failures.push({
        property: "",
        reason: `port ${port} is taken by another process. Stop it, or choose another port in ${news.pathPrefix}endpoint or the colour's operatorPort`,
      });
    }
    return { inputs: news, failures };
  },

  create(inputs: ChangeGuardInputs): Promise<dynamic.CreateResult> {
    return Promise.resolve({ id: "change-guard", outs: inputs });
  },
};

function isDeployed(olds: Partial<ChangeGuardInputs>): olds is ChangeGuardInputs {
  return olds.live !== undefined;
}

function splitPort(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
