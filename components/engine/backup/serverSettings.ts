import type { RedisServer } from "../redisServer.ts";

/** What a server's configuration and users are, without what would let somebody in. */
export interface ServerSettings {
  /** CONFIG GET *, by directive. */
  config: Record<string, string>;
  /** Directives left out because their value is a secret. */
  withheld: string[];
  /** ACL LIST without password hashes: the users must get passwords when they are restored. */
  users: string[];
}

/** `requirepass`, `masterauth`, `primaryauth`, `tls-key-file-pass` and whatever a module calls a secret. */
const SECRET_DIRECTIVE = /pass|auth$|secret|token|credential/i;

/** Reads configuration and users; needs `config|get` and `acl|list`. */
export async function readSettings(server: RedisServer): Promise<ServerSettings> {
  const config: Record<string, string> = {};
  const withheld: string[] = [];
  for (const [name, value] of await server.configGet("*")) {
    if (SECRET_DIRECTIVE.test(name)) withheld.push(name);
    else config[name] = value;
  }
  const users = (await server.call("ACL", "LIST")) as string[];
  return { config, withheld: withheld.sort(), users: users.map(withoutHashes) };
}

/** Drops the words `#<sha256>` of a user's rule. */
export function withoutHashes(user: string): string {
  return user.replace(/ #[0-9a-f]{64}(?= |$)/g, "");
}
