import * as pulumi from "@pulumi/pulumi";
import type { BridgeTarget } from "../engine/bridgeTarget.ts";
import type { DeploymentTarget } from "../engine/deploymentTarget.ts";
import type { SwitchCredentials } from "./trafficSwitch.ts";

/** As in changeGuard.ts: the text of these functions is part of the state. */
// prettier-ignore
const load = () => process.getBuiltinModule("node:module").createRequire(process.cwd() + "/")("redis-bluegreen/provider");

const provider: pulumi.dynamic.ResourceProvider = {
  check: (o, n) => load().replicationLink.check(o, n),
  diff: (i, o, n) => load().replicationLink.diff(i, o, n),
  create: (n) => load().replicationLink.create(n),
  read: (i, p) => load().replicationLink.read(i, p),
  update: (i, o, n) => load().replicationLink.update(i, o, n),
  delete: (i, p) => load().replicationLink.delete(i, p),
};

/** The two ends of a link. */
export interface ReplicationLinkInputs {
  schemaVersion: 1;
  /** The colour that serves. */
  live: DeploymentTarget;
  /** The colour that follows. */
  standby: DeploymentTarget;
  /** How long the standby may take to be in sync. Milliseconds. */
  syncTimeoutMs: number;
  /** The user agreed to overwrite what the standby holds. */
  reseed: boolean;
  /** Absent: there is none. */
  bridge?: BridgeTarget;
  /** Prefix of config paths in messages. */
  pathPrefix: string;
  credentials: SwitchCredentials;
}

/** What an update leaves behind. */
export interface ReplicationLinkOutputs extends ReplicationLinkInputs {
  /** `up`, `connecting`, `cut`, or `none` where the standby can neither follow without drifting nor be fed. */
  status: string;
  /** What a rollback is, or will be after a cutover, with the reason. */
  rollback: string;
}

/** The standby follows the live colour. Each direction is a resource of its own. */
export class ReplicationLink extends pulumi.dynamic.Resource {
  declare readonly status: pulumi.Output<string>;
  declare readonly rollback: pulumi.Output<string>;

  constructor(
    name: string,
    inputs: Omit<ReplicationLinkInputs, "credentials"> & { credentials: pulumi.Output<SwitchCredentials> },
    options: pulumi.CustomResourceOptions,
  ) {
    super(
      provider,
      name,
      { ...inputs, status: undefined, rollback: undefined },
      { ...options, additionalSecretOutputs: ["credentials"] },
      "redis",
      "ReplicationLink",
    );
  }
}
