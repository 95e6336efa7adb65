import { formatAddress, type Address } from "../address.ts";
import type { Deployment } from "../deployment.ts";
import { readGate } from "../gate.ts";
import type { BridgeStatus } from "./bridgeStatus.ts";
import { lackingForms } from "./lackingForms.ts";

const TIMEOUT_MS = 2_000;

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

/** What a colour that the bridge feeds has no form for, with keys; undefined where there is nothing, or it isn't fed. */
export async function unrepresentableOn(fed: Deployment, bridge: Address): Promise<string | undefined> {
  const { progress } = (await readGate(fed.primary)).fed ?? {};
  if (progress === undefined || progress.unrepresentable === 0) return undefined;
  const status = await readBridgeStatus(bridge);
  return lackingForms(fed.colour, progress.unrepresentable, status?.unrepresentable);
}
