import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const notUpward = {
  group: ["**/test/**", "**/scripts/**", "**/stacks/**"],
  message: "Components know neither the tests nor the scripts nor a stack.",
};

/** What a layer must not import, with the reasons that the messages give. */
function forbid(files, ...patterns) {
  return { files: [files], rules: { "no-restricted-imports": ["error", { patterns }] } };
}

export default defineConfig(
  globalIgnores(["dist/", "node_modules/", ".state/", "backups/", "reports/"]),
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      eqeqeq: "error",
    },
  },
  forbid("components/**/*.ts", notUpward),
  // A later entry replaces an earlier one for the files of both, so this one repeats what holds for all components.
  forbid(
    "components/engine/**/*.ts",
    notUpward,
    { group: ["@pulumi/*"], message: "The engine doesn't know Pulumi: hand over plain values." },
    {
      group: ["dockerode", "@kubernetes/*", "**/docker/**", "**/kubernetes/**"],
      message: "The engine doesn't know any platform: go through the Traffic port.",
    },
    { group: ["**/providers/**"], message: "Nothing imports upward: the engine is the bottom layer." },
  ),
  {
    // Hand-overs to code that is found by name at run time have no type, and a cast would be part of the stored text.
    files: ["components/providers/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
    },
  },
  { files: ["**/*.test.ts"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
);
