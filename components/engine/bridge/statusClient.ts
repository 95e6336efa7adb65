import { formatAddress, type Address } from "../address.ts";
import type { Deployment } from "../deployment.ts";
import { readGate } from "../gate.ts";
import type { BridgeStatus } from "./bridgeStatus.ts";

const TIMEOUT_MS = 2_000;

/** How many keys of a kind a sentence names. */
const NAMED_KEYS = 3;

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
  const kinds = Object.entries((await readBridgeStatus(bridge))?.unrepresentable ?? {});
  const named = kinds.map(([kind, { count, samples }]) => `${kind} of ${keysIn(count, samples)}`);
  const what = named.length === 0 ? `data of ${progress.unrepresentable} keys` : named.join("; ");
  return `${fed.colour} has no form for: ${what}`;
}

/** Samples are `<database> <key>`; a function's database is below 0. */
function keysIn(count: number, samples: readonly string[]): string {
  const names = samples.slice(0, NAMED_KEYS).map((sample) => {
    const space = sample.indexOf(" ");
    const [database, key] = [Number(sample.slice(0, space)), sample.slice(space + 1)];
    return database < 0 ? key : `${key} in database ${database}`;
  });
  const more = count > names.length ? ", …" : "";
  return `${count} ${count === 1 ? "key" : "keys"} (${names.join(", ")}${more})`;
}
