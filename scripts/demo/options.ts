import { parseArgs } from "node:util";
import type { ServerVersion } from "../../components/engine/serverVersion.ts";

/** What the demo was asked to do. */
export interface DemoOptions {
  /** Cutovers and rollbacks in a row, on one deployment. Default 1. */
  runs: number;
  /** Say one line per run instead of showing Pulumi's output. Default: `runs` is more than 1. */
  quiet: boolean;
  /** Leave the stack running. */
  keep: boolean;
  /** Only remove what an earlier demo left. */
  clean: boolean;
  /** Override the versions that are found on the machine. */
  blue?: ServerVersion;
  green?: ServerVersion;
  /** Keys seeded. Default 100,000. */
  keys: number;
  /** How long green serves before the rollback, in seconds. Default 10. */
  seconds: number;
}

/** Shown for `--help` and for what can't be understood. */
export const USAGE = `npm run demo -- [options]
  --blue <version>   version to upgrade, e.g. 7.0 or valkey:8.1    (default: the oldest image with a lossless way back)
  --green <version>  version to upgrade to                         (default: the newest image with a lossless way back)
  --runs <n>         cutovers and rollbacks in a row               (default: 1)
  --json             one line per run, Pulumi's output hidden      (default with more than one run)
  --keys <n>         keys seeded before                            (default: 100000)
  --seconds <n>      how long clients write on green               (default: 10)
  --keep             leave the stack running at the end
  --clean            remove what --keep, or a demo that was killed, left`;

/**
 * Reads the command line.
 * @throws Error with a sentence on what can't be understood
 */
export function parseDemoOptions(args: string[]): DemoOptions {
  const { values } = parseArgs({
    args,
    options: {
      blue: { type: "string" },
      green: { type: "string" },
      runs: { type: "string", default: "1" },
      keys: { type: "string", default: "100000" },
      seconds: { type: "string", default: "10" },
      json: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      clean: { type: "boolean", default: false },
    },
  });
  const runs = wholeNumber("runs", values.runs, 1);
  return {
    runs,
    quiet: values.json || runs > 1,
    keep: values.keep,
    clean: values.clean,
    ...(values.blue === undefined ? {} : { blue: parseVersion("blue", values.blue) }),
    ...(values.green === undefined ? {} : { green: parseVersion("green", values.green) }),
    keys: wholeNumber("keys", values.keys, 1),
    seconds: wholeNumber("seconds", values.seconds, 0),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  if (!/^\d+$/.test(text) || Number(text) < least) {
    throw new Error(`--${name} ${text}: a whole number of at least ${least} is needed`);
  }
  return Number(text);
}

function parseVersion(name: string, text: string): ServerVersion {
  const match = /^(?:(redis|valkey):)?(\d+\.\d+(?:\.\d+)?)$/.exec(text);
  if (match?.[2] === undefined)
    throw new Error(`--${name} ${text}: a version like 7.0 or valkey:8.1 is needed`);
  return { product: match[1] === "valkey" ? "valkey" : "redis", version: match[2] };
}
