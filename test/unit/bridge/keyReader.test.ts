import { expect, it } from "vitest";
import type { Word } from "../../../components/engine/bridge/encode.ts";
import { KeyReader } from "../../../components/engine/bridge/keyCopy/keyReader.ts";
import type { Reply } from "../../../components/engine/verification/replyParser.ts";

const text = (value: string): Buffer => Buffer.from(value);

/** A server with one hash, to which a field is added whenever its fields' names were told. */
class GrowingHash {
  readonly fields: [name: string, expiresAt: number][] = [["f0", -1]];

  call(...words: Word[]): Promise<Reply> {
    return Promise.resolve(this.#answer(words));
  }

  batch(commands: readonly (readonly Word[])[]): Promise<Reply[]> {
    const isTransaction = commands[0]?.[0] === "MULTI";
    const replies = (isTransaction ? commands.slice(1, -1) : commands).map((words) => this.#answer(words));
    return Promise.resolve(isTransaction ? [replies] : replies);
  }

  #answer([name, what, ...rest]: readonly Word[]): Reply {
    switch (name) {
      case "HKEYS": {
        const known = this.fields.map(([field]) => text(field));
        this.fields.push([`f${this.fields.length}`, 1_000 + this.fields.length]);
        return known;
      }
      case "HGETALL":
        return this.fields.flatMap(([field]) => [text(field), text("v")]);
      case "HPEXPIRETIME":
        return rest
          .slice(2)
          .map((field) => this.fields.find(([known]) => known === String(field))?.[1] ?? -2);
      case "PEXPIRETIME":
        return -1;
      case "TYPE":
        return "hash";
      case "TIME":
        return [text("1"), text("0")];
      case "INFO":
        return text(what === "keyspace" ? "db0:keys=1,subexpiry=1\r\n" : "master_repl_offset:700\r\n");
      default:
        throw new Error(`${String(name)} was not expected`);
    }
  }
}

it("reads a hash to which fields are added all the time, with the expiries of those as well", async () => {
  const reader = new KeyReader(new GrowingHash() as never, { product: "redis", version: "8.0" });
  const { offset, images } = await reader.read([{ key: text("hash"), type: "hash", size: 1, bytes: 100 }]);
  expect(offset).toBe(700);
  expect(images[0]?.value).toEqual([text("f0"), text("v"), text("f1"), text("v")]);
  expect(images[0]?.fieldExpiries).toEqual([[text("f1"), 1_001]]);
});
