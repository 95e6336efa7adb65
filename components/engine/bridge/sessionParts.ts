import type { ServerVersion } from "../serverVersion.ts";
import type { Figures } from "./figures.ts";
import type { KnownCommand } from "./keySpecs.ts";
import type { PlainClient } from "./plainClient.ts";
import type { BridgeEnd } from "./serverGate.ts";
import type { SourceLink, StreamBeginning } from "./sourceLink.ts";
import type { Start } from "./start.ts";
import type { TargetLink } from "./targetLink.ts";

/** What a session begins with: both sides are connected. */
export interface SessionParts {
  ends: { source: BridgeEnd; target: BridgeEnd };
  source: { version: ServerVersion; commands: ReadonlyMap<string, KnownCommand>; control: PlainClient };
  link: SourceLink;
  beginning: StreamBeginning;
  target: TargetLink;
  start: Start;
  figures: Figures;
  onConfirmed: (offset: number) => void;
}
