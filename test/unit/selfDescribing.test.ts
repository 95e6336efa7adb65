import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { raisedValue, readRaised } from "../../components/engine/selfDescribing.ts";

describe("settings that remember what they were", () => {
  it.each([
    ["0", false, 0],
    ["10", false, 10],
    ["999999", false, 999_999],
    ["1000000", true, 0],
    ["1000010", true, 10],
    [undefined, false, 0],
  ])("reads %s", (value, raised, original) => {
    expect(readRaised(value)).toEqual({ raised, original });
  });

  it("gives back whatever was raised", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999 }), (original) => {
        expect(readRaised(String(raisedValue(original)))).toEqual({ raised: true, original });
      }),
    );
  });
});
