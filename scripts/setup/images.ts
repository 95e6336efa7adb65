import { join } from "node:path";
import { Readable } from "node:stream";
import Docker from "dockerode";
import { messageOf } from "../../components/engine/messageOf.ts";
import { buildDebianImage, type DebianRecipe } from "./debianImage.ts";
import { finished } from "./docker.ts";
import { SetupError, type Part, type PartReport, type Progress } from "./part.ts";

/** An image, and how its like is made of Debian packages where no registry answers. */
export interface ImageNeed {
  image: string;
  recipe: DebianRecipe;
  /** Used by tests only, which is why the demo does without it. */
  testsOnly: boolean;
  why: string;
}

/** The Node.js of this project's own dependencies, which runs on the libraries of any Debian since bookworm. */
const NODE_FILE = join(import.meta.dirname, "..", "..", "node_modules", "node", "bin", "node");

const need = (image: string, program: string, suites: string[], testsOnly = false): ImageNeed => ({
  image,
  recipe: { program, suites },
  testsOnly,
  why: testsOnly ? "test this version" : "run the demo and the tests",
});

/** Every image that the demo and the tests use. */
export const IMAGES: readonly ImageNeed[] = [
  need("redis:7.0", "redis-server", ["bookworm"]),
  need("redis:8.0", "redis-server", ["trixie"]),
  need("haproxy:3.0", "haproxy", ["trixie"]),
  need("redis:6.0", "redis-server", ["bullseye"], true),
  need("redis:8.6", "redis-server", ["sid", "experimental"], true),
  need("valkey/valkey:8.1", "valkey-server", ["trixie"], true),
  need("valkey/valkey:9.1", "valkey-server", ["sid"], true),
  {
    image: "node:24-slim",
    recipe: {
      program: "node",
      suites: ["trixie"],
      file: { path: NODE_FILE, packages: ["libstdc++6"] },
    },
    testsOnly: true,
    why: "run the rollback bridge",
  },
];

const ANSWER_MS = 15_000;
const PULL_MS = 300_000;

/** One part for each image; whether a registry answers is found out once, with the first image that is missing. */
export function imageParts(withTests: boolean): Part[] {
  let answers: Promise<boolean> | undefined;
  const registryAnswers = (image: string): Promise<boolean> => (answers ??= probeRegistry(image));
  return IMAGES.filter(({ testsOnly }) => withTests || !testsOnly).map((image) =>
    imagePart(image, registryAnswers),
  );
}

function imagePart(need: ImageNeed, registryAnswers: typeof probeRegistry): Part {
  const { image, recipe, testsOnly, why } = need;
  return {
    key: `image ${image}`,
    name: `image ${image}`,
    why,
    optional: testsOnly,
    find: () => findImage(image),
    async get(progress) {
      progress("asking the registry");
      const refused = (await registryAnswers(image)) ? await pull(image, progress) : "no registry answers";
      if (refused === undefined) return { origin: "official", detail: "pulled" };
      try {
        const version = await buildDebianImage(image, recipe, progress);
        return {
          origin: "built",
          detail: `${recipe.program} ${version} ${recipe.file === undefined ? "of" : "on"} Debian ${recipe.suites.at(-1) ?? ""}`,
        };
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        throw new SetupError(`${refused}, and ${error.message}`);
      }
    },
  };
}

async function findImage(image: string): Promise<PartReport | undefined> {
  try {
    const found = await new Docker().getImage(image).inspect();
    const imported = found.Comment.startsWith("Imported");
    return { origin: imported ? "built" : "found", detail: found.Id.slice(7, 19) };
  } catch {
    return undefined;
  }
}

/** The daemon answers a pull only when a registry has answered it; that an image isn't there is an answer too. */
async function probeRegistry(image: string): Promise<boolean> {
  try {
    const events = await new Docker().pull(image, { abortSignal: AbortSignal.timeout(ANSWER_MS) });
    if (events instanceof Readable) events.destroy();
    return true;
  } catch (error) {
    return error instanceof Error && "statusCode" in error && error.statusCode === 404;
  }
}

/** Pulls an image; returns why that failed, undefined if it didn't. */
async function pull(image: string, progress: Progress): Promise<string | undefined> {
  progress("pulling");
  const docker = new Docker();
  try {
    const events = await docker.pull(image, { abortSignal: AbortSignal.timeout(PULL_MS) });
    await finished(docker, events);
    return undefined;
  } catch (error) {
    return `pulling it failed (${messageOf(error)})`;
  }
}
