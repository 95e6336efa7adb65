import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { printable } from "../../components/engine/printable.ts";
import { keyDifference, type Tolerance } from "../../components/engine/verification/keyDifference.ts";
import type { KeyFingerprint } from "../../components/engine/verification/keyFingerprint.ts";
import { OrderedDigest, OrderFreeDigest } from "../../components/engine/verification/orderFreeDigest.ts";
import { ReplyError, ReplyParser, type Reply } from "../../components/engine/verification/replyParser.ts";
import { idAfter } from "../../components/engine/verification/streamDigest.ts";
import { canonicalScore } from "../../components/engine/verification/valueDigest.ts";

const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array));

function parse(chunks: Buffer[]): Reply[] {
  const parser = new ReplyParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

function encoded(reply: Reply): string {
  if (reply instanceof ReplyError) return `-${reply.message}\r\n`;
  if (Buffer.isBuffer(reply)) return `$${reply.length}\r\n${reply.toString("latin1")}\r\n`;
  if (Array.isArray(reply)) return `*${reply.length}\r\n${reply.map(encoded).join("")}`;
  if (reply === null) return "$-1\r\n";
  return typeof reply === "number" ? `:${reply}\r\n` : `+${reply}\r\n`;
}

describe("replies", () => {
  const leaf: fc.Arbitrary<Reply> = fc.oneof(
    bytes,
    fc.maxSafeInteger(),
    fc.constant(null),
    fc.constantFrom("OK", ""),
    fc.constant(new ReplyError("WRONGTYPE no")),
  );
  const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
    reply: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("reply"), { maxLength: 4 })),
  }));

  it("are read wherever the stream is cut", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 6 }), sizes, (replies, cuts) => {
        const stream = Buffer.from(replies.map(encoded).join(""), "latin1");
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] ?? 1;
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(parse(chunks)).toEqual(replies);
        expect(parse([stream])).toEqual(replies);
      }),
    );
  });

  it("of many parts cost as much as their size, however often they are cut", () => {
    const entries = Array.from({ length: 400 }, (_, i) => [`${i}-0`, ["field", "v".repeat(20)]]);
    const text = (value: unknown): Reply =>
      Array.isArray(value) ? value.map(text) : Buffer.from(String(value));
    const large = [text(entries), Buffer.alloc(50_000, "x"), text(entries)];
    const stream = Buffer.from(encoded(large), "latin1");
    const chunks = Array.from({ length: Math.ceil(stream.length / 200) }, (_, i) =>
      stream.subarray(200 * i, 200 * (i + 1)),
    );
    const joins = vi.spyOn(Buffer, "concat");
    const lines = vi.spyOn(Buffer.prototype, "indexOf");
    const replies = parse(chunks);
    const read = lines.mock.calls.length;
    const copied = joins.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
    vi.restoreAllMocks();
    expect(replies).toEqual([large]);
    // Five lines an entry and each chunk's unfinished one; each byte with the rest before it, and once more.
    expect(read).toBeLessThan(2 * (5 * 800 + chunks.length));
    expect(copied).toBeLessThan(3 * stream.length);
  });

  it("of another protocol are refused", () => {
    expect(() => parse([Buffer.from("HTTP/1.1 400\r\n")])).toThrow("not RESP2");
  });
});

describe("digests", () => {
  const digest = (kind: typeof OrderedDigest | typeof OrderFreeDigest, elements: Buffer[][]): string => {
    const made = new kind();
    for (const parts of elements) made.add(...parts);
    return made.value();
  };

  it("ignore the order only where it means nothing", () => {
    fc.assert(
      fc.property(fc.uniqueArray(bytes.map(String), { minLength: 2, maxLength: 10 }), (texts) => {
        const elements = texts.map((text) => [Buffer.from(text)]);
        const reversed = [...elements].reverse();
        expect(digest(OrderFreeDigest, reversed)).toBe(digest(OrderFreeDigest, elements));
        expect(digest(OrderedDigest, reversed)).not.toBe(digest(OrderedDigest, elements));
      }),
    );
  });

  it("keep parts and elements apart", () => {
    const [a, b, ab, none] = ["a", "b", "ab", ""].map((text) => Buffer.from(text)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    for (const kind of [OrderedDigest, OrderFreeDigest]) {
      const values = [[[a, b]], [[ab, none]], [[none, ab]], [[a], [b]], [[ab]], [[a, b], [none]], []];
      expect(new Set(values.map((elements) => digest(kind, elements))).size).toBe(values.length);
    }
  });

  it("take a score for the number that it is, however a version prints it", () => {
    const score = (text: string): string => canonicalScore(Buffer.from(text)).toString("hex");
    expect(score("0.10000000000000001")).toBe(score("0.1"));
    expect(score("1e+100")).toBe(score("1e100"));
    expect(score("inf")).toBe(score("+inf"));
    expect(score("-inf")).not.toBe(score("inf"));
    expect(score("0.1")).not.toBe(score("0.2"));
  });
});

describe("a key's two readings", () => {
  const tolerance: Tolerance = { expiryMs: 0, graceMs: 1_000, sameVersion: false };
  const names = ["blue", "green"] as const;
  const reading = (changes: Partial<KeyFingerprint> = {}): KeyFingerprint => ({
    type: "string",
    digest: "x",
    readAt: 100_000,
    ...changes,
  });
  const none = reading({ type: "none", digest: "" });

  it("are equal, or differ by type, content, expiry or presence", () => {
    const differ = (a: KeyFingerprint, b: KeyFingerprint): string | undefined =>
      keyDifference(a, b, tolerance, names);
    expect(differ(reading(), reading())).toBeUndefined();
    expect(differ(none, none)).toBeUndefined();
    expect(differ(reading(), reading({ type: "set" }))).toBe("string on blue, set on green");
    expect(differ(reading(), reading({ digest: "y" }))).toBe("string with different content");
    expect(differ(reading(), none)).toBe("missing on green");
    expect(differ(none, reading())).toBe("missing on blue");
    expect(differ(reading({ expiresAt: 0 }), reading())).toBe(
      "expires at 1970-01-01T00:00:00.000Z on blue, never expires on green",
    );
  });

  it("may differ by what expires just now", () => {
    expect(keyDifference(reading({ expiresAt: 99_000 }), none, tolerance, names)).toBeUndefined();
    expect(keyDifference(none, reading({ expiresAt: 100_900 }), tolerance, names)).toBeUndefined();
    expect(keyDifference(none, reading({ expiresAt: 200_000 }), tolerance, names)).toBe("missing on blue");
  });

  it("may differ in expiry by the tolerance", () => {
    const [a, b] = [reading({ expiresAt: 200_000 }), reading({ expiresAt: 200_500 })];
    expect(keyDifference(a, b, tolerance, names)).toContain("expires at");
    expect(keyDifference(a, b, { ...tolerance, expiryMs: 500 }, names)).toBeUndefined();
  });
});

it("the ID after a stream's ID is the next one", () => {
  expect(idAfter("5-1")).toBe("5-2");
  expect(idAfter("5-18446744073709551615")).toBe("6-0");
});

it("keys are shown as text where they are text", () => {
  expect(printable(Buffer.from("schlüssel:1"))).toBe("schlüssel:1");
  expect(printable(Buffer.from([0x61, 0xff, 0x0a]))).toBe("a\\xff\\x0a");
  expect(printable(Buffer.from("a\nb"))).toBe("a\\x0ab");
});
