import * as pulumi from "@pulumi/pulumi";

/** As in changeGuard.ts: the text of these functions is part of the state. */
// prettier-ignore
const load = () => process.getBuiltinModule("node:module").createRequire(process.cwd() + "/")("redis-bluegreen/provider");

const provider: pulumi.dynamic.ResourceProvider = {
  diff: (i, o, n) => load().destroyLock.diff(i, o, n),
  create: (n) => load().destroyLock.create(n),
  update: (i, o, n) => load().destroyLock.update(i, o, n),
  delete: (i, p) => load().destroyLock.delete(i, p),
};

/** What decides whether the stack may be destroyed. */
export interface DestroyLockInputs {
  schemaVersion: 1;
  allowDestroy: boolean;
  /** Prefix of config paths in messages. */
  pathPrefix: string;
}

/**
 * Registered after everything else, so that `pulumi destroy` comes to it first: refused here, it has not yet deleted the
 * replication link, whose end would cost the way back. The engine refuses to delete what is protected in words of its
 * own that name the resource only; so the resource's name says what to do.
 */
export class DestroyLock extends pulumi.dynamic.Resource {
  constructor(name: string, inputs: DestroyLockInputs, options: pulumi.CustomResourceOptions) {
    super(
      provider,
      `${name}-destroy-needs-guardrails.allowDestroy`,
      { ...inputs },
      { ...options, protect: !inputs.allowDestroy },
      "redis",
      "DestroyLock",
    );
  }
}
