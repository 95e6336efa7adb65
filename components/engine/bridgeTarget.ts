import type { Address } from "./address.ts";

/** The bridge of a deployment, as the process that runs Pulumi knows it. */
export interface BridgeTarget {
  /** Where it tells its state. */
  status: Address;
  /** `always`: it carries the rollback link of a pair that could do without it, too. */
  use: "auto" | "always";
}
