import { describe, expect, it } from "vitest";
import type { Session } from "../../components/providers/handlers/session.ts";
import { isRehearsalDue, planRehearsal } from "../../components/providers/handlers/rehearsalPlan.ts";
import type { TrafficSwitchInputs } from "../../components/providers/trafficSwitch.ts";

describe("a rehearsal", () => {
  it("is due in the update in which its word is new, and in no other", () => {
    expect(isRehearsalDue({}, { rehearsal: "a" })).toBe(true);
    expect(isRehearsalDue({ rehearsal: "a" }, { rehearsal: "b" })).toBe(true);
    expect(isRehearsalDue({ rehearsal: "a" }, { rehearsal: "a" })).toBe(false);
    expect(isRehearsalDue({ rehearsal: "a" }, {})).toBe(false);
    expect(isRehearsalDue({}, {})).toBe(false);
  });

  it("is refused where there is no standby, with what to do", async () => {
    const news = { live: "blue", pathPrefix: "redis-bluegreen:", rehearsal: "a" } as TrafficSwitchInputs;
    const { plan, failures } = await planRehearsal(true, news, { deployments: {} } as Session);
    expect(plan).toEqual([]);
    expect(failures.map(({ reason }) => reason)).toEqual([
      "redis-bluegreen:rehearsal: there is no green in sync to go to and come back from. Remove the rehearsal, run pulumi up with both colours, and set it then",
    ]);
  });
});
