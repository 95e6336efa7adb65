import { quote } from "./describe.ts";
import type { Section } from "./section.ts";

/** The parts of `repository:tag@digest`. */
export interface ImageReference {
  repository: string;
  tag?: string;
  digest?: string;
}

/** Reads an image reference; undefined where it isn't one. */
export function parseImage(text: string): ImageReference | undefined {
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  // A colon before the last slash belongs to a registry's port.
  const colon = name.indexOf(":", name.lastIndexOf("/") + 1);
  const image: ImageReference = { repository: colon < 0 ? name : name.slice(0, colon) };
  if (colon >= 0) image.tag = name.slice(colon + 1);
  if (at >= 0) image.digest = text.slice(at + 1);
  return isWellFormed(image) ? image : undefined;
}

/** The dotted version at the start of a tag: `7.0.15` of `7.0.15-bookworm`; undefined for `latest`. */
export function versionOfTag(tag: string): string | undefined {
  return /^v?(\d+(?:\.\d+)*)(?:[-_].*)?$/.exec(tag)?.[1];
}

function isWellFormed({ repository, tag, digest }: ImageReference): boolean {
  return (
    repository
      .split("/")
      .every((part, i) => /^[a-z0-9][\w.-]*$/i.test(i === 0 ? part.replace(/:\d+$/, "") : part)) &&
    (tag === undefined || /^\w[\w.-]{0,127}$/.test(tag)) &&
    (digest === undefined || /^sha256:[0-9a-f]{64}$/.test(digest))
  );
}

/** Reads an image with a tag or a digest; where it is absent or refused, the default. */
export function readImage(section: Section, key: string, byDefault: string): string {
  const allowed = `an image reference such as ${byDefault}`;
  const cure = "correct it, or remove it to have that one";
  const image = section.text(key, allowed, cure);
  if (image === undefined) return byDefault;
  const parsed = parseImage(image);
  if (parsed === undefined) section.refuse(key, { found: quote(image), allowed, cure });
  else if (parsed.tag === undefined && parsed.digest === undefined) {
    section.refuse(key, {
      found: `${quote(image)}, without a tag`,
      allowed,
      cure: "name a version in its tag",
    });
  }
  return image;
}
