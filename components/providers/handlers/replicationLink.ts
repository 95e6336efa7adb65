import type { dynamic } from "@pulumi/pulumi";
import type { Colour } from "../../engine/colour.ts";
import type { DeploymentTarget } from "../../engine/deploymentTarget.ts";
import { linkRefusal, linkStatus, removeLink } from "../../engine/replicationLink.ts";
import type { ReplicationLinkInputs, ReplicationLinkOutputs } from "../replicationLink.ts";
import { asksTheSame } from "./inputsDiff.ts";
import { hasUnknowns, plainError, say } from "./say.ts";
import { carriageOf, isBridgeSilent, type LinkEnds } from "./linkCarriage.ts";
import { makeLink, type LinkOutcome, type LinkSettings } from "./makeLink.ts";
import { openSession, type Intent, type Session } from "./session.ts";

/** What the replication link's provider functions hand over to. */
export const replicationLink = {
  /** Refuses, in a preview too, what would overwrite data that only the standby has. */
  async check(
    _olds: unknown,
    news: ReplicationLinkInputs,
  ): Promise<dynamic.CheckResult<ReplicationLinkInputs>> {
    const fail = (reason: string) => ({ inputs: news, failures: [{ property: "", reason }] });
    try {
      const refusal = hasUnknowns(news) ? undefined : await refusalOf(news);
      return refusal === undefined ? { inputs: news, failures: [] } : fail(refusal);
    } catch (error) {
      return fail(plainError(error).message);
    }
  },

  async diff(
    _id: string,
    olds: ReplicationLinkOutputs,
    news: ReplicationLinkInputs,
  ): Promise<dynamic.DiffResult> {
    if (!asksTheSame(WANTED, olds, news)) return { changes: true };
    return withEnds(news, "look", async (ends) => {
      if (ends === undefined) return { changes: false };
      const found = await look(ends);
      if (found.status === "cut") say(`${news.standby.colour} does not follow ${news.live.colour}`);
      return {
        changes: found.status !== olds.status || found.status === "cut" || found.rollback !== olds.rollback,
      };
    });
  },

  async create(inputs: ReplicationLinkInputs): Promise<dynamic.CreateResult> {
    return { id: `${inputs.live.colour}-to-${inputs.standby.colour}`, outs: await link(inputs) };
  },

  async read(id: string, props: ReplicationLinkOutputs): Promise<dynamic.ReadResult> {
    const found = await withEnds(props, "look", (ends) =>
      ends === undefined ? Promise.resolve({ status: "unreachable", rollback: props.rollback }) : look(ends),
    );
    return { id, props: { ...props, ...found } };
  },

  async update(
    _id: string,
    _olds: ReplicationLinkOutputs,
    news: ReplicationLinkInputs,
  ): Promise<dynamic.UpdateResult> {
    return { outs: await link(news) };
  },

  /** Ends following where it goes on; a link whose roles have moved on, or whose servers are gone, is left alone. */
  async delete(_id: string, props: ReplicationLinkOutputs): Promise<void> {
    await withEnds(props, "change", async (ends) => {
      if (ends !== undefined && (await removeLink(ends.live, ends.standby))) {
        say(`${props.standby.colour} no longer gets what ${props.live.colour} takes; its data is kept`);
      }
    });
  },
};

async function withEnds<T>(
  inputs: ReplicationLinkInputs,
  intent: Intent,
  use: (ends: LinkEnds | undefined) => Promise<T>,
): Promise<T> {
  const { bridge, pathPrefix, reseed } = inputs;
  const targets: Partial<Record<Colour, DeploymentTarget>> = {
    [inputs.live.colour]: inputs.live,
    [inputs.standby.colour]: inputs.standby,
  };
  let session: Session | undefined;
  try {
    session = await openSession(targets, inputs.credentials, intent);
    const live = session.deployments[inputs.live.colour];
    const standby = session.deployments[inputs.standby.colour];
    if (live === undefined || standby === undefined) return await use(undefined);
    return await use({ live, standby, pathPrefix, reseed, ...(bridge === undefined ? {} : { bridge }) });
  } catch (error) {
    throw plainError(error);
  } finally {
    session?.close();
  }
}

/** A standby that isn't to follow at all, since that would make it drift, is kept as it is and needs no permission. */
function refusalOf(news: ReplicationLinkInputs): Promise<string | undefined> {
  return withEnds(news, "look", async (ends) => {
    if (ends === undefined) return undefined;
    const { carrier } = await carriageOf(ends);
    if (carrier === "none") return undefined;
    const translated = carrier === "bridge";
    const refusal = await linkRefusal({ ...ends, ...linkSettings(news), translated });
    return refusal === undefined ? undefined : `${refusal}; nothing was touched`;
  });
}

function linkSettings({ credentials, syncTimeoutMs, reseed }: ReplicationLinkInputs): LinkSettings {
  return { credentials, syncTimeoutMs, reseed };
}

/** The inputs that have a bearing on the servers. */
const WANTED = [
  "live",
  "standby",
  "syncTimeoutMs",
  "reseed",
  "bridge",
  "credentials",
] as const satisfies readonly (keyof ReplicationLinkInputs)[];

/** Looks at a link and at what the way back is; a standby that rejected commands no longer counts as lossless. */
async function look(ends: LinkEnds): Promise<LinkOutcome> {
  const { carrier, rollback } = await carriageOf(ends);
  const status = await linkStatus(ends.live, ends.standby);
  if (status === "cut" && carrier === "none") return { status: "none", rollback };
  const silent = carrier === "bridge" && (await isBridgeSilent(ends));
  return { status: silent ? "the bridge does not answer" : status, rollback };
}

async function link(inputs: ReplicationLinkInputs): Promise<ReplicationLinkOutputs> {
  return withEnds(inputs, "change", async (ends) => {
    if (ends === undefined) {
      throw new Error(
        `${inputs.live.colour} or ${inputs.standby.colour} does not answer: start both and run pulumi up again`,
      );
    }
    return { ...inputs, ...(await makeLink(ends, linkSettings(inputs))) };
  });
}
