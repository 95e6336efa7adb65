import type { dynamic } from "@pulumi/pulumi";
import { canReplicate } from "../../engine/compatibility/matrix.ts";
import type { Colour } from "../../engine/colour.ts";
import type { Deployment } from "../../engine/deployment.ts";
import type { DeploymentTarget } from "../../engine/deploymentTarget.ts";
import { keepClosed, unfollow } from "../../engine/follow.ts";
import { infoNumber } from "../../engine/infoReply.ts";
import { lineage } from "../../engine/lineage.ts";
import { ensureLink, linkRefusal, linkStatus, removeLink } from "../../engine/replicationLink.ts";
import type { ReplicationLinkInputs, ReplicationLinkOutputs } from "../replicationLink.ts";
import { asksTheSame } from "./inputsDiff.ts";
import { hasUnknowns, plainError, say } from "./say.ts";
import { openSession, verdictFor, verdictText, type Session } from "./session.ts";

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
    return withEnds(news, async (ends) => {
      if (ends === undefined) return { changes: false };
      const found = await look(ends, olds.errorsAtStart);
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
    const found = await withEnds(props, (ends) =>
      ends === undefined
        ? Promise.resolve({ status: "unreachable", rollback: props.rollback })
        : look(ends, props.errorsAtStart),
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
    await withEnds(props, async (ends) => {
      if (ends !== undefined && (await removeLink(ends.live, ends.standby))) {
        say(`${props.standby.colour} no longer follows ${props.live.colour}; its data is kept`);
      }
    });
  },
};

interface Ends {
  live: Deployment;
  standby: Deployment;
  /** Prefix of config paths in messages. */
  pathPrefix: string;
}

async function withEnds<T>(
  inputs: ReplicationLinkInputs,
  use: (ends: Ends | undefined) => Promise<T>,
): Promise<T> {
  const targets: Partial<Record<Colour, DeploymentTarget>> = {
    [inputs.live.colour]: inputs.live,
    [inputs.standby.colour]: inputs.standby,
  };
  let session: Session | undefined;
  try {
    session = await openSession(targets, inputs.credentials);
    const live = session.deployments[inputs.live.colour];
    const standby = session.deployments[inputs.standby.colour];
    if (live === undefined || standby === undefined) return await use(undefined);
    return await use({ live, standby, pathPrefix: inputs.pathPrefix });
  } catch (error) {
    throw plainError(error);
  } finally {
    session?.close();
  }
}

/** A standby that isn't to follow at all, since that would make it drift, is kept as it is and needs no permission. */
function refusalOf(news: ReplicationLinkInputs): Promise<string | undefined> {
  return withEnds(news, async (ends) => {
    if (ends === undefined || !(await rollbackOf(ends, Infinity)).usable) return undefined;
    const refusal = await linkRefusal({ ...ends, ...linkSettings(news) });
    return refusal === undefined ? undefined : `${refusal}; nothing was touched`;
  });
}

function linkSettings({ credentials, syncTimeoutMs, reseed }: ReplicationLinkInputs) {
  return { credentials, syncTimeoutMs, reseed };
}

/** The inputs that have a bearing on the servers. */
const WANTED = [
  "live",
  "standby",
  "syncTimeoutMs",
  "reseed",
  "credentials",
] as const satisfies readonly (keyof ReplicationLinkInputs)[];

interface Found {
  status: string;
  rollback: string;
}

/** Looks at a link and at what the way back is; a standby that rejected commands no longer counts as lossless. */
async function look(ends: Ends, errorsAtStart: number): Promise<Found> {
  const rollback = await rollbackOf(ends, errorsAtStart);
  const status = await linkStatus(ends.live, ends.standby);
  return { status: status === "cut" && !rollback.usable ? "none" : status, rollback: rollback.text };
}

/** What the way back is, and whether the standby can follow without drifting or losing what it has. */
async function rollbackOf(ends: Ends, errorsAtStart: number): Promise<{ text: string; usable: boolean }> {
  const { forward, verdict } = await directionOf(ends);
  const lost = forward ? undefined : await lostBecause(ends, errorsAtStart);
  if (lost !== undefined) return { text: `backup only: ${lost}`, usable: false };
  return { text: verdictText(verdict), usable: forward || verdict.kind === "lossless (native)" };
}

/** Why a rollback link that was lossless no longer is; undefined where it still is. */
async function lostBecause({ live, standby }: Ends, errorsAtStart: number): Promise<string | undefined> {
  const errors = await replicationErrors(standby);
  if (errors > errorsAtStart) {
    return `${standby.colour} rejected ${errors - errorsAtStart} replicated commands of ${live.colour} (unexpected_error_replies): its data has drifted`;
  }
  const [ahead, behind] = await Promise.all([live.primary.replication(), standby.primary.replication()]);
  const waitsForCopy = !behind.linkUp && ahead.replicas.some(({ state }) => state === "wait_bgsave");
  const canContinue = behind.role === "replica" ? !waitsForCopy : lineage(ahead, behind) === "continues";
  if (canContinue) return undefined;
  return `${standby.colour} can't continue behind ${live.colour} without a full copy, which it could not read`;
}

/** A link is forward when the standby is where an upgrade goes to; else it is the rollback link. */
async function directionOf({ live, standby, pathPrefix }: Ends) {
  const [onward, back] = await Promise.all([
    verdictFor(live, standby, pathPrefix),
    verdictFor(standby, live, pathPrefix),
  ]);
  const forward = canReplicate(await live.primary.version(), await standby.primary.version()).ok;
  return { forward, verdict: forward ? onward : back };
}

async function replicationErrors(standby: Deployment): Promise<number> {
  return infoNumber(await standby.primary.info("stats"), "unexpected_error_replies");
}

async function link(inputs: ReplicationLinkInputs): Promise<ReplicationLinkOutputs> {
  return withEnds(inputs, async (ends) => {
    if (ends === undefined) {
      throw new Error(
        `${inputs.live.colour} or ${inputs.standby.colour} does not answer: start both and run pulumi up again`,
      );
    }
    const errorsAtStart = await replicationErrors(ends.standby);
    const rollback = await rollbackOf(ends, errorsAtStart);
    if (!rollback.usable) {
      await ((await linkStatus(ends.live, ends.standby)) === "cut" ? keepClosed : unfollow)(ends.standby);
      say(`no rollback link: ${rollback.text}; ${ends.standby.colour} keeps its data and follows nobody`);
      return { ...inputs, status: "none", rollback: rollback.text, errorsAtStart };
    }
    await ensureLink({ ...ends, ...linkSettings(inputs), progress: say });
    return { ...inputs, status: "up", rollback: rollback.text, errorsAtStart };
  });
}
