import { defaultImage, type Product } from "../arguments.ts";
import { atLeast } from "../engine/serverVersion.ts";
import { describe, quote } from "./describe.ts";
import { parseImage, versionOfTag, type ImageReference } from "./imageReference.ts";
import type { Finding } from "./problem.ts";
import type { Section } from "./section.ts";

/** What a project can hold: before these there is no ACL (Redis 6.0), or no release at all (Valkey 7.2). */
const OLDEST: Record<Product, string> = { redis: "6.0", valkey: "7.2" };
const NAMES: Record<Product, string> = { redis: "Redis", valkey: "Valkey" };

/** Reads `version`, which a deployment must have. */
export function readVersion(section: Section, product: Product): string | undefined {
  const value = section.raw("version");
  const allowed = `text such as "7.0" or "7.0.15"`;
  if (value === undefined) {
    section.refuse("version", {
      found: "missing",
      allowed,
      cure: "add version, or address for a server that exists already",
    });
    return;
  }
  if (typeof value !== "string" || !/^\d{1,3}\.\d{1,3}(\.\d{1,4})?$/.test(value)) {
    section.refuse("version", { found: describe(value), allowed, cure: versionCure(value) });
    return;
  }
  if (atLeast(value, OLDEST[product])) return value;
  section.refuse("version", {
    found: quote(value),
    allowed: `${NAMES[product]} ${OLDEST[product]} or newer`,
    cure:
      product === "valkey"
        ? `set a version that Valkey has, or product: redis`
        : `set a newer version; older ones have no ACL users to take rights from`,
  });
}

/** YAML reads 7.0 without quotes as the number 7, and 8.10 as 8.1: a guess could deploy the wrong release. */
function versionCure(value: unknown): string {
  if (typeof value !== "number") return "write major.minor or major.minor.patch in quotes";
  const meant = Number.isInteger(value) ? `${value}.0` : String(value);
  return `write it in quotes, e.g. version: "${meant}"`;
}

/** Reads `image`, whose tag must name the version. */
export function readImage(
  section: Section,
  product: Product,
  version: string | undefined,
): string | undefined {
  const example = defaultImage(product, version ?? "7.0");
  const text = section.text("image", `an image reference such as ${example}`, "correct it, or remove it");
  if (text === undefined) return version === undefined ? undefined : defaultImage(product, version);
  const image = parseImage(text);
  if (image === undefined) {
    section.refuse("image", {
      found: quote(text),
      allowed: `an image reference such as ${example}`,
      cure: "correct it, or remove it to have that one",
    });
    return;
  }
  const finding =
    otherProduct(text, image, product) ??
    (version === undefined ? undefined : otherVersion(text, image, version));
  if (finding === undefined) return text;
  section.refuse("image", finding);
  return;
}

function otherProduct(text: string, image: ImageReference, product: Product): Finding | undefined {
  const isRedis = /redis/i.test(image.repository);
  const isValkey = /valkey/i.test(image.repository);
  if (isRedis === isValkey || (product === "redis") === isRedis) return undefined;
  const other: Product = product === "redis" ? "valkey" : "redis";
  return {
    found: `${quote(text)}, an image of ${NAMES[other]}`,
    allowed: `an image of ${NAMES[product]}, which product says`,
    cure: `set product: ${other}, or another image`,
  };
}

/** The version decides on compatibility before anything is started, so an image must not be able to hold another. */
function otherVersion(text: string, image: ImageReference, version: string): Finding | undefined {
  const allowed = `an image whose tag names version ${version}`;
  const wanted = `${image.repository}:${version}`;
  if (image.tag === undefined) {
    return image.digest === undefined
      ? { found: `${quote(text)}, without a tag`, allowed, cure: `write ${wanted}` }
      : {
          found: `${quote(`${image.repository}@sha256:…`)}, a digest without a tag`,
          allowed,
          cure: `keep the digest and write the tag before it, ${wanted}@sha256:…`,
        };
  }
  const tagged = versionOfTag(image.tag);
  if (tagged === undefined)
    return { found: `${quote(text)}, whose tag names no version`, allowed, cure: `write ${wanted}` };
  if (tagged === version || tagged.startsWith(`${version}.`)) return undefined;
  return {
    found: `${quote(text)}, whose tag says ${tagged}`,
    allowed,
    cure: tagged.includes(".") ? `write ${wanted}, or set version: "${tagged}"` : `write ${wanted}`,
  };
}
