import type { dynamic } from "@pulumi/pulumi";
import type { DestroyLockInputs } from "../destroyLock.ts";
import { inputsDiff } from "./inputsDiff.ts";
import { plainError } from "./say.ts";

/** What the destroy lock's provider functions hand over to. */
export const destroyLock = {
  diff(_id: string, olds: DestroyLockInputs, news: DestroyLockInputs): Promise<dynamic.DiffResult> {
    return Promise.resolve(inputsDiff(["allowDestroy", "pathPrefix"], olds, news));
  },

  create(inputs: DestroyLockInputs): Promise<dynamic.CreateResult> {
    return Promise.resolve({ id: "destroy-lock", outs: inputs });
  },

  update(_id: string, _olds: DestroyLockInputs, news: DestroyLockInputs): Promise<dynamic.UpdateResult> {
    return Promise.resolve({ outs: news });
  },

  /** Reached without permission only where somebody took the protection away by hand. */
  delete(_id: string, { allowDestroy, pathPrefix }: DestroyLockInputs): Promise<void> {
    if (allowDestroy) return Promise.resolve();
    return Promise.reject(
      plainError(
        `${pathPrefix}guardrails.allowDestroy is not true: nothing was removed. Set it, run pulumi up, then destroy`,
      ),
    );
  },
};
