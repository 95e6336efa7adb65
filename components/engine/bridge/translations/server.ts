import type { Abilities } from "./abilities.ts";
import { at, option, type Translate } from "./rule.ts";

/** Libraries of functions, on a target that has none. */
const FUNCTIONS = "function";

/** What has no effect on data: PING, PUBLISH … */
export const drop: Translate = (_words, output) => {
  output.drop();
};

/** FLUSHDB and FLUSHALL: SYNC is what an older target does anyway. */
export function flush(target: Abilities): Translate {
  return (words, output) => {
    if (target.since62 || option(words[1]) !== "SYNC") output.pass();
    else output.send([at(words, 0)]);
  };
}

/** Libraries of functions. */
export function functions(target: Abilities): Translate {
  return (words, output) => {
    const action = option(words[1]);
    if (target.since70 && (action !== "RESTORE" || target.payloads)) {
      output.pass();
      return;
    }
    output.drop();
    if (action === "FLUSH") output.represented(FUNCTIONS);
    else if (action === "DELETE") output.represented(FUNCTIONS, at(words, 2));
    else if (action === "LOAD") output.unrepresentable(FUNCTIONS, libraryName(at(words, words.length - 1)));
    else output.unrepresentable(FUNCTIONS, Buffer.from("(restored)"));
  };
}

/** Of the first line, `#!lua name=…`. */
function libraryName(code: Buffer): Buffer {
  return Buffer.from(/name\s*=\s*(\w+)/.exec(code.toString("latin1", 0, 500))?.[1] ?? "(unnamed)");
}
