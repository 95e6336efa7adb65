import { describe, expect, test } from "vitest";
import { lackingForms } from "../../../components/engine/bridge/lackingForms.ts";

describe("what a colour has no form for is said", () => {
  test("by kind, with the keys and their databases", () => {
    const kinds = {
      "hash-field-expiry": { count: 2, samples: ["0 cart:1", "3 cart of two"] },
      "vector-set": { count: 5, samples: ["0 a", "0 b", "0 c", "0 d"] },
    };
    expect(lackingForms("blue", 7, kinds)).toBe(
      "blue has no form for: hash-field-expiry of 2 keys (cart:1 in database 0, cart of two in database 3); " +
        "vector-set of 5 keys (a in database 0, b in database 0, c in database 0, …)",
    );
  });

  test("without a database for a library of functions", () => {
    expect(lackingForms("green", 1, { function: { count: 1, samples: ["-1 mylib"] } })).toBe(
      "green has no form for: function of 1 key (mylib)",
    );
  });

  test.each([undefined, {}])("by number where the bridge tells no kinds: %o", (kinds) => {
    expect(lackingForms("blue", 3, kinds)).toBe("blue has no form for: data of 3 keys");
  });
});
