import { replicationLink, trafficSwitch } from "../../components/providers/handlers/index.ts";
import { Haproxy } from "../../components/engine/haproxy.ts";
import { RedisServer } from "../../components/engine/redisServer.ts";
import { answerRequests } from "./askedProcess.ts";
import type { SteppedReply, SteppedRequest } from "./steppedUpdate.ts";

/** What leaves a server as it is; everything else is a step. */
const LOOKS =
  /^(INFO|PING|ROLE|DBSIZE|SCAN|CONFIG GET|ACL (GETUSER|WHOAMI|LIST|USERS|CAT|DRYRUN)|CLIENT (LIST|ID|INFO|SETNAME)|COMMAND|FUNCTION (LIST|DUMP)|LATENCY|MEMORY|SLOWLOG|MODULE LIST|CLUSTER)\b/i;

const steps: string[] = [];
let killAt = Infinity;

function note(step: string): void {
  steps.push(step);
  if (steps.length === killAt) process.kill(process.pid, "SIGKILL");
}

function noteCommands(commands: readonly (readonly unknown[])[]): void {
  const changes = commands
    .map(([name, subcommand = ""]) => `${String(name)} ${String(subcommand)}`.trim())
    .filter((text) => !LOOKS.test(text));
  if (changes.length > 0) note(changes.join(", "));
}

const servers = RedisServer.prototype;
const plain = { call: Reflect.get(servers, "call"), transaction: Reflect.get(servers, "transaction") };
servers.call = async function (...command) {
  const reply = await plain.call.apply(this, command);
  noteCommands([command]);
  return reply;
};
servers.transaction = async function (...commands) {
  const replies = await plain.transaction.apply(this, commands);
  noteCommands(commands);
  return replies;
};
const proxies = Haproxy.prototype;
const move = Reflect.get(proxies, "move");
proxies.move = async function (from, to) {
  const moved = await move.call(this, from, to);
  note("proxy");
  return moved;
};

// What the update tells its user is not asked for here.
console.log = () => undefined;

answerRequests(async ({ olds, news, link, killAtStep }: SteppedRequest): Promise<SteppedReply> => {
  killAt = killAtStep ?? Infinity;
  await trafficSwitch.update(news.name, olds, news);
  await replicationLink.create(link);
  return { type: "updated", steps };
});
