// Prints as JSON what a program run by this Node stores as `__provider` of each dynamic resource, by type. The tests run
// it both in vitest and in a Node of its own.
import { register } from "./registered.ts";

/** The text of every dynamic provider, by the last part of its type's token. */
export async function serializedProviders(): Promise<Record<string, string>> {
  const { registered } = await register({
    live: "blue",
    blue: { version: "7.0" },
    green: { version: "8.0" },
  });
  const texts = registered.flatMap(({ type, inputs }) => {
    const text = inputs["__provider"];
    return typeof text === "string" ? [[type.split(":").at(-1) ?? "", text]] : [];
  });
  return Object.fromEntries(texts) as Record<string, string>;
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(await serializedProviders()));
