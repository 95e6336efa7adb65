import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { interruption } from "../../scripts/interruption.ts";

const texts = { first: "cleaning up", second: "left: a stack" };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function interrupted() {
  const exit = vi.fn();
  const program = Object.assign(new EventEmitter(), { exit });
  const signal = interruption("the demo was interrupted", texts, program as unknown as NodeJS.Process);
  return { exit, program, signal };
}

it("the first signal aborts with a reason and says what happens", () => {
  const { exit, program, signal } = interrupted();
  expect(signal.aborted).toBe(false);
  program.emit("SIGTERM");
  expect(signal.reason).toEqual(new Error("the demo was interrupted"));
  expect(console.error).toHaveBeenCalledExactlyOnceWith("\ncleaning up");
  expect(exit).not.toHaveBeenCalled();
});

it("a Ctrl-C that npm passes on as well is one", () => {
  const { exit, program } = interrupted();
  program.emit("SIGINT");
  vi.advanceTimersByTime(900);
  program.emit("SIGINT");
  expect(console.error).toHaveBeenCalledTimes(1);
  expect(exit).not.toHaveBeenCalled();
});

it("another Ctrl-C gives up and says what is left", () => {
  const { exit, program } = interrupted();
  program.emit("SIGINT");
  vi.advanceTimersByTime(1_100);
  program.emit("SIGINT");
  expect(console.error).toHaveBeenLastCalledWith("left: a stack");
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
});

it("what scripts share doesn't end a process by itself when it is loaded", async () => {
  const before = process.listenerCount("SIGINT");
  await import("../../scripts/setup/command.ts");
  expect(process.listenerCount("SIGINT")).toBe(before);
});
