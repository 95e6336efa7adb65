import { formatAddress, type Address } from "../address.ts";
import type { Deployment } from "../deployment.ts";
import { readGate } from "../gate.ts";
import { DeadlineError, until } from "../until.ts";
import type { BridgeStatus } from "./bridgeStatus.ts";
import { lackingForms } from "./lackingForms.ts";

const TIMEOUT_MS = 2_000;

/**
 * How long a bridge may take to come back whose connections were ended, or that begins: attached to a colour that can't
 * let it continue, it waits out `repl-diskless-sync-delay`, 5 s by default.
 */
const COMES_BACK_MS = 10_000;

/** Asks a bridge what it is doing; undefined where it doesn't answer. */
export async function readBridgeStatus(address: Address): Promise<BridgeStatus | undefined> {
  try {
    const response = await fetch(`http://${formatAddress(address)}/health`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return (await response.json()) as BridgeStatus;
  } catch {
    return undefined;
  }
}

/**
 * Asks a bridge what it is doing, again and again while it doesn't answer or waits: an update that was killed may have
 * ended its connections a moment ago.
 */
export async function readSteadyBridgeStatus(address: Address): Promise<BridgeStatus | undefined> {
  let status: BridgeStatus | undefined;
  const steady = async (): Promise<true | undefined> => {
    status = await readBridgeStatus(address);
    return status === undefined || status.state === "waiting" ? undefined : true;
  };
  const options = { timeoutMs: COMES_BACK_MS, intervalMs: 100, what: "the bridge is at work" };
  await until(steady, options).catch((error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
  });
  return status;
}

/** What a colour that the bridge feeds has no form for, with keys; undefined where there is nothing, or it isn't fed. */
export async function unrepresentableOn(fed: Deployment, bridge: Address): Promise<string | undefined> {
  const { progress } = (await readGate(fed.primary)).fed ?? {};
  if (progress === undefined || progress.unrepresentable === 0) return undefined;
  const status = await readBridgeStatus(bridge);
  return lackingForms(fed.colour, progress.unrepresentable, status?.unrepresentable);
}
