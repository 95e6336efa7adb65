import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { PackedProgram } from "../support/packedProgram.ts";
import { serializedProviders } from "../support/serializedProviders.ts";
import { inSteps } from "../support/steps.ts";
import { PROJECT_ROOT } from "../support/testStack.ts";

const OPERATOR_PASSWORD = "operator-password-of-somebody-else";

/** The body that all programs share; `redis` is what they create. */
const BODY = `
const config = new pulumi.Config();
const port = config.requireNumber("port");
const redis = new RedisBlueGreen("cache", {
  live: config.get("live") ?? "blue",
  blue: { version: "7.0", memory: 128, operatorPort: port + 3 },
  green: config.getBoolean("green") ? { version: "8.0", memory: 128, operatorPort: port + 10 } : undefined,
  endpoint: { writePort: port, readPort: port + 1, runtimePort: port + 2 },
  auth: { operatorPassword: config.requireSecret("operatorPassword") },
  guardrails: { allowDestroy: config.getBoolean("allowDestroy") ?? false },
});
`;

const JAVASCRIPT = `
import * as pulumi from "@pulumi/pulumi";
import { RedisBlueGreen } from "redis-bluegreen";
${BODY}
export const { live, rollback, writeEndpoint } = redis;
`;

const COMMONJS = `
const pulumi = require("@pulumi/pulumi");
const { RedisBlueGreen } = require("redis-bluegreen");
${BODY}
module.exports = { live: redis.live, rollback: redis.rollback, writeEndpoint: redis.writeEndpoint };
`;

/** Types that the package must declare; a wrong argument must be an error. */
const TYPESCRIPT = `
import * as pulumi from "@pulumi/pulumi";
import { DEFAULT_GUARDRAILS, RedisBlueGreen, type Colour, type RedisBlueGreenArgs, type UpdateReport } from "redis-bluegreen";
${BODY.replace('config.get("live")', 'config.get<Colour>("live")')}
// @ts-expect-error: there is no such colour.
export const wrong: RedisBlueGreenArgs = { live: "red" };
export const milliseconds: number = DEFAULT_GUARDRAILS.pauseTimeoutMs;
export type Report = UpdateReport;
export const live: pulumi.Output<string> = redis.live;
export const rollback: pulumi.Output<string> = redis.rollback;
export const writeEndpoint: pulumi.Output<string> = redis.writeEndpoint;
`;

const COMPILER_OPTIONS = {
  module: "nodenext",
  moduleResolution: "nodenext",
  target: "es2024",
  lib: ["es2024"],
  types: ["node"],
  strict: true,
  noEmit: true,
};

describe("a program of somebody else with the package from npm pack", () => {
  const step = inSteps();
  let program: PackedProgram;

  beforeAll(async () => {
    program = await PackedProgram.create();
    await program.write("package.json", JSON.stringify({ name: "somebody-else", type: "module" }));
    await program.write("index.js", JAVASCRIPT);
    await program.write("index.ts", TYPESCRIPT);
    await program.write("index.cjs", COMMONJS);
    await program.use("index.js");
    await program.pulumi("stack", "init");
    await program.pulumi("config", "set", "port", String(program.ports.write));
    await program.pulumi("config", "set", "--secret", "operatorPassword", OPERATOR_PASSWORD);
  });

  afterAll(async () => {
    await program.remove();
  });

  step("the package holds compiled code with declarations, what to read, and nothing else", async () => {
    const unexpected = program.files.filter(
      (file) => !/^(dist\/.*\.(js|d\.ts)|README\.md|CHANGELOG\.md|LICENSE|package\.json)$/.test(file),
    );
    expect(unexpected).toEqual([]);
    expect(program.files).toEqual(
      expect.arrayContaining([
        "dist/index.js",
        "dist/index.d.ts",
        "dist/providers/handlers/index.js",
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "package.json",
      ]),
    );
    const installed = join(program.folder, "node_modules", "redis-bluegreen", "package.json");
    expect(JSON.parse(await readFile(installed, "utf8"))).toMatchObject({
      exports: {
        ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
        "./provider": { default: "./dist/providers/handlers/index.js" },
      },
    });
  });

  step("packing leaves package.json as it was", async () => {
    expect(await program.manifest()).toBe(await readFile(join(PROJECT_ROOT, "package.json"), "utf8"));
  });

  step("a TypeScript program is checked against the package's declarations", async () => {
    const config = { compilerOptions: COMPILER_OPTIONS, files: ["index.ts"] };
    await program.write("tsconfig.json", JSON.stringify(config));
    const compiler = join(program.folder, "node_modules", "typescript", "bin", "tsc");
    const { code, output } = await program.run(process.execPath, compiler, "--project", ".");
    expect(code, output).toBe(0);
  });

  step("deploys from JavaScript, finding the provider's code by the package's name", async () => {
    await program.pulumi("up", "--yes", "--skip-preview");
    expect(await outputs()).toMatchObject({
      live: "blue",
      writeEndpoint: `127.0.0.1:${program.ports.write}`,
    });
    await expectNoDiff();
  });

  step("has the same text of its providers in the state as this checkout", async () => {
    const state = JSON.parse(await program.pulumi("stack", "export")) as {
      deployment: { resources: { type: string; inputs?: { __provider?: string } }[] };
    };
    const stored = state.deployment.resources.flatMap(({ type, inputs }) => {
      const text = inputs?.__provider;
      return text === undefined ? [] : [[type.split(":").at(-1) ?? "", text] as const];
    });
    const texts = await serializedProviders();
    expect(stored.length).toBeGreaterThan(1);
    for (const [type, text] of stored) expect(text, type).toBe(texts[type]);
  });

  step("adds a colour and cuts over from TypeScript", async () => {
    await program.use("index.ts");
    await expectNoDiff();
    await program.pulumi("config", "set", "green", "true");
    await program.pulumi("up", "--yes", "--skip-preview");
    await expectNoDiff();
    await program.pulumi("config", "set", "live", "green");
    expect(await program.pulumi("up", "--yes", "--skip-preview")).toContain("clients reach green");
    expect(await outputs()).toMatchObject({
      live: "green",
      rollback: expect.stringMatching(/^lossless \(native\): /) as string,
    });
    await expectNoDiff();
  });

  step("goes on from CommonJS, and shows no difference", async () => {
    await program.write("package.json", JSON.stringify({ name: "somebody-else" }));
    await program.use("index.cjs");
    await expectNoDiff();
  });

  step("has its password in the state as a secret only", async () => {
    expect(await program.pulumi("stack", "export")).not.toContain(OPERATOR_PASSWORD);
  });

  step("is destroyed on an explicit word, after a last backup beside Pulumi.yaml", async () => {
    await program.pulumi("config", "set", "allowDestroy", "true");
    await program.pulumi("up", "--yes", "--skip-preview");
    const output = await program.pulumi("destroy", "--yes", "--skip-preview");
    expect(output).toMatch(
      /final backup of green: .*program\/backups\/packaged\/cache-packaged-green-.*\.rdb/,
    );
  });

  async function outputs(): Promise<unknown> {
    return JSON.parse(await program.pulumi("stack", "output", "--json"));
  }

  async function expectNoDiff(): Promise<void> {
    await program.pulumi("preview", "--diff", "--expect-no-changes");
  }
});
