import * as pulumi from "@pulumi/pulumi";
import type { BridgeTarget } from "../engine/bridgeTarget.ts";
import type { Address } from "../engine/address.ts";
import type { BakeSettings } from "../engine/bake/bakeSettings.ts";
import type { Colour } from "../engine/colour.ts";
import type { Credentials, Login } from "../engine/credentials.ts";
import type { DeploymentTarget } from "../engine/deploymentTarget.ts";
import type { Guardrails } from "../engine/guardrails.ts";

/** As in changeGuard.ts: the text of these functions is part of the state. */
// prettier-ignore
const load = () => process.getBuiltinModule("node:module").createRequire(process.cwd() + "/")("redis-bluegreen/provider");

const provider: pulumi.dynamic.ResourceProvider = {
  check: (o, n) => load().trafficSwitch.check(o, n),
  diff: (i, o, n) => load().trafficSwitch.diff(i, o, n),
  create: (n) => load().trafficSwitch.create(n),
  read: (i, p) => load().trafficSwitch.read(i, p),
  update: (i, o, n) => load().trafficSwitch.update(i, o, n),
  delete: (i, p) => load().trafficSwitch.delete(i, p),
};

/** The users of every server, and the logins of existing servers. Secret as a whole. */
export interface SwitchCredentials extends Credentials {
  existing?: Partial<Record<Colour, Login>>;
}

/** Both colours, the endpoint and the limits: all that a cutover needs. */
export interface TrafficSwitchInputs {
  schemaVersion: 1;
  /** The deployment's name; names of files start with it. */
  name: string;
  live: Colour;
  blue?: DeploymentTarget;
  green?: DeploymentTarget;
  /** Images that can load a backup of each colour. */
  images: Partial<Record<Colour, string>>;
  /** Memory limit of each colour's servers in bytes; an existing server's isn't known. */
  memoryLimits: Partial<Record<Colour, number>>;
  /** Where the proxy's runtime API and the write endpoint listen, as the operator reaches them. */
  runtime: Address;
  endpoint: Address;
  guardrails: Guardrails;
  bake: BakeSettings;
  /** Absent: there is none. */
  bridge?: BridgeTarget;
  /** The update in which it is new rehearses the way back. */
  rehearsal?: string;
  backupDirectory: string;
  reportDirectory: string;
  /** Prefix of config paths in messages. */
  pathPrefix: string;
  credentials: SwitchCredentials;
  /** What the update will do, one sentence each; written by `check`. */
  plan: string[];
}

/** What an update leaves behind; nothing that moves by itself. */
export interface TrafficSwitchOutputs extends TrafficSwitchInputs {
  /** The colour that takes writes, told from the servers; `none` where that is nobody. */
  serving: Colour | "none";
  /** Where the proxy sends clients. */
  traffic: Colour | "none";
  /** What a rollback would be, with the reason. */
  rollback: string;
  /** The last report's file; empty before the first cutover. */
  report: string;
}

/** What clients connect to, and which colour gets them. Its update is the cutover. */
export class TrafficSwitch extends pulumi.dynamic.Resource {
  declare readonly serving: pulumi.Output<string>;
  declare readonly rollback: pulumi.Output<string>;
  declare readonly report: pulumi.Output<string>;

  constructor(
    name: string,
    inputs: Omit<TrafficSwitchInputs, "credentials" | "plan"> & {
      credentials: pulumi.Output<SwitchCredentials>;
    },
    options: pulumi.CustomResourceOptions,
  ) {
    super(
      provider,
      name,
      { ...inputs, plan: [], serving: undefined, traffic: undefined, rollback: undefined, report: undefined },
      { ...options, additionalSecretOutputs: ["credentials"] },
      "redis",
      "TrafficSwitch",
    );
  }
}
