import { DEFAULT_GUARDRAILS, type Guardrails } from "../../components/engine/guardrails.ts";

/** Guardrails whose deadlines a busy machine keeps: how fast a standby catches up is not what these tests are about. */
export const PATIENT_GUARDRAILS: Guardrails = {
  ...DEFAULT_GUARDRAILS,
  pauseTimeoutMs: 60_000,
  catchUpTimeoutMs: 30_000,
};
