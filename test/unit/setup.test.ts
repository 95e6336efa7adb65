import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lastLine, run } from "../../scripts/setup/command.ts";
import { distributionOf } from "../../scripts/setup/distribution.ts";
import { pulumiEnvironment, setupReport } from "../../scripts/setup/environment.ts";
import { formatOutcome, type Part } from "../../scripts/setup/part.ts";
import { reasonIn } from "../../scripts/setup/docker.ts";
import {
  dynamicProviderScript,
  languageHostScript,
  shellQuote,
  standInScript,
} from "../../scripts/setup/shellScripts.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "setup test's "));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const part: Part = {
  key: "docker",
  name: "Docker engine",
  why: "run the servers",
  optional: false,
  find: () => Promise.resolve(undefined),
  get: () => Promise.reject(new Error("not asked for")),
};

describe("the line of a part", () => {
  test("says what it is, why, the state, how it was had, and the time", () => {
    const report = { origin: "distribution", detail: "20.10.24" } as const;
    expect(formatOutcome(part, { state: "now ready", report }, 1_234)).toBe(
      "ok    Docker engine (to run the servers): now ready, installed from the distribution, 20.10.24; 1.2 s",
    );
  });

  test("warns of an optional part and complains of any other", () => {
    expect(formatOutcome({ ...part, optional: true }, { state: "missing" }, 0)).toMatch(/^warn {2}/);
    expect(formatOutcome(part, { state: "missing" }, 0)).toMatch(/^FAIL {2}/);
  });

  test("ends in the reason where a part is not to be had", () => {
    const line = formatOutcome(part, { state: "not to be had", reason: "install Docker Desktop" }, 40);
    expect(line).toBe("FAIL  Docker engine (to run the servers): install Docker Desktop (0.0 s)");
  });
});

describe("a command", () => {
  test("hands back both streams", async () => {
    const result = await run("sh", ["-c", "echo out; echo err >&2"], { timeoutMs: 10_000 });
    expect(result).toMatchObject({ ok: true, failure: "" });
    expect(result.output.split("\n").toSorted()).toEqual(["", "err", "out"]);
  });

  test("that fails says why in its last line, with the status", async () => {
    const result = await run("sh", ["-c", "echo first; echo no space left; exit 3"], { timeoutMs: 10_000 });
    expect(result).toMatchObject({ ok: false, failure: "no space left (exit status 3)" });
  });

  test("that isn't there is named", async () => {
    const result = await run("no-such-program", [], { timeoutMs: 10_000 });
    expect(result).toMatchObject({ ok: false, failure: "no-such-program is not installed" });
  });

  test("is killed at its deadline with what it started", async () => {
    const result = await run("sh", ["-c", "sleep 600 & wait"], { timeoutMs: 50 });
    expect(result).toMatchObject({ ok: false, failure: "not done after 0.05 s" });
  });

  test("is killed as soon as its output makes waiting futile", async () => {
    const script = "echo 'dial tcp: no such host'; sleep 600";
    const result = await run("sh", ["-c", script], { timeoutMs: 60_000, giveUpOn: /dial tcp.*/ });
    expect(result).toMatchObject({ ok: false, failure: "dial tcp: no such host" });
  });
});

test("the last line is the last that says anything", () => {
  expect(lastLine("one\ntwo \n\n")).toBe("two");
  expect(lastLine("")).toBe("");
});

test("the distribution is read with and without quotes, and not out of ID_LIKE", () => {
  expect(distributionOf('PRETTY_NAME="x"\nID=debian\n')).toBe("debian");
  expect(distributionOf('ID_LIKE=debian\nID="ubuntu"\n')).toBe("ubuntu");
  expect(distributionOf("ID_LIKE=debian\n")).toBe("");
});

test("why dockerd ended is found in its log before what followed from it", () => {
  expect(reasonIn("info: x\nfailed to start daemon: iptables failed: no rights\n (exit status 4)\n")).toBe(
    "failed to start daemon: iptables failed: no rights",
  );
  expect(reasonIn("info: x\nlistening\n")).toBe("listening");
});

describe("the environment of the CLI", () => {
  const standIn = { parts: { dockerPlugin: { origin: "stand-in", detail: "" } } };

  test("keeps state in the project and forbids downloads where a stand-in is used", () => {
    mkdirSync(join(folder, ".state"));
    writeFileSync(join(folder, ".state", "setup.json"), JSON.stringify(standIn));
    const environment = pulumiEnvironment(folder);
    expect(environment).toMatchObject({
      PULUMI_BACKEND_URL: `file://${folder}/.state/backend`,
      PULUMI_HOME: join(folder, ".state", "pulumi"),
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    });
    expect(environment["PATH"]?.split(delimiter)[1]).toBe(join(folder, "node_modules", ".bin"));
  });

  test("lets the CLI fetch plugins where nothing is known of a stand-in", () => {
    expect(pulumiEnvironment(folder)).not.toHaveProperty("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION");
  });

  test("asks for a set-up where there was none", () => {
    expect(() => setupReport(folder)).toThrow("npm run setup");
  });
});

/** Writes an executable that prints its name and arguments, one to a line. */
function writeEcho(path: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, '#!/bin/sh\nprintf "%s\\n" "$@"\n');
  chmodSync(path, 0o755);
}

function runScript(text: string, path: string): string[] {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  const result = spawnSync("sh", [path, "127.0.0.1:1", "two words"], { cwd: folder, encoding: "utf8" });
  expect(result.stderr).toBe("");
  return result.stdout.trimEnd().split("\n");
}

describe("the scripts that stand for plugins", () => {
  test("a quoted word is one word, whatever is in it", () => {
    expect(shellQuote("it's")).toBe(`'it'\\''s'`);
  });

  test("the stand-in starts with its own checkout's Node", () => {
    writeEcho(join(folder, "node_modules", ".bin", "node"));
    expect(runScript(standInScript(folder), join(folder, "plugin"))).toEqual([
      join(folder, "test", "ground", "dockerProvider", "main.ts"),
      "127.0.0.1:1",
      "two words",
    ]);
  });

  test("the language host starts without its own TypeScript", () => {
    writeEcho(join(folder, "bin", "pulumi-language-nodejs-host"));
    const script = join(folder, "bin", "pulumi-language-nodejs");
    expect(runScript(languageHostScript(), script)).toEqual([
      "-typescript=false",
      "127.0.0.1:1",
      "two words",
    ]);
  });

  test("the dynamic provider is that of the program in the working directory", () => {
    const provider = join(folder, "node_modules", "@pulumi", "pulumi", "cmd", "dynamic-provider");
    mkdirSync(provider, { recursive: true });
    writeFileSync(join(provider, "index.js"), "console.log(process.argv.slice(2).join('\\n'))");
    expect(runScript(dynamicProviderScript(), join(folder, "plugin"))).toEqual(["127.0.0.1:1", "two words"]);
  });
});
