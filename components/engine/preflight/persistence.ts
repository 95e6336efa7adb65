import { infoNumber } from "../infoReply.ts";
import { fail, pass, warn, type CheckResult } from "./checkResult.ts";
import { seen, type ObservedColour, type PreflightFacts } from "./facts.ts";
import type { ServerSnapshot } from "./snapshot.ts";

/** Whether both colours keep what they hold: saves that work, a config file, and what AOF means for the way back. */
export function checkPersistence(facts: PreflightFacts): CheckResult[] {
  const results = [facts.live, facts.standby].flatMap((colour) => {
    const snapshot = seen(colour);
    if (colour === undefined || snapshot === undefined) return [];
    return [checkSaves(colour, snapshot), checkConfigFile(colour, snapshot)];
  });
  const live = seen(facts.live);
  return live === undefined || facts.input.standby === undefined
    ? results
    : [...results, checkAppendOnly(facts, live)];
}

function checkSaves({ target }: ObservedColour, { info, config }: ServerSnapshot): CheckResult {
  const name = `${target.colour} persistence`;
  const problems = [
    infoNumber(info, "loading") === 1 ? "still loading its data" : "",
    info.get("rdb_last_bgsave_status") === "err" ? "the last BGSAVE failed" : "",
    info.get("aof_last_write_status") === "err" ? "the last AOF write failed" : "",
    info.get("aof_last_bgrewrite_status") === "err" ? "the last AOF rewrite failed" : "",
  ].filter((problem) => problem !== "");
  if (problems.length > 0) {
    return fail(name, problems.join(", "), "look into its log and its disk's free space, then preview again");
  }
  if (config.get("save") === "" && infoNumber(info, "aof_enabled") === 0) {
    return warn(
      name,
      "keeps nothing on disk: no rule to save by, no append-only file",
      "its restart would bring it back empty, and empty what follows it; set save, or persistence: aof",
    );
  }
  const changes = infoNumber(info, "rdb_changes_since_last_save");
  const aof = infoNumber(info, "aof_enabled") === 1 ? ", AOF on" : "";
  return pass(name, `last save ok, ${changes} changes since${aof}`);
}

/** That the file is writable only CONFIG REWRITE can tell, which a preview must not run; an update tries it first. */
function checkConfigFile({ target }: ObservedColour, { info }: ServerSnapshot): CheckResult {
  const name = `${target.colour} config file`;
  const file = info.get("config_file") ?? "";
  if (file !== "") {
    const unsure = target.external ? ` if it may write to it (${file}), which up tries first` : "";
    return pass(name, `started with one, so that CONFIG REWRITE persists roles${unsure}`);
  }
  const figure = "started without one: a role or a fence is forgotten when it restarts";
  const cure = target.external
    ? "start it with a redis.conf that it may write to; else, after a cutover, its restart lets clients that connect to it directly write again, so don't restart it then"
    : "start it with a redis.conf that it may write to";
  return target.external ? warn(name, figure, cure) : fail(name, figure, cure);
}

function checkAppendOnly(facts: PreflightFacts, live: ServerSnapshot): CheckResult {
  const name = "append-only file";
  const { colour } = facts.live.target;
  if (infoNumber(live.info, "aof_enabled") === 0) return pass(name, `${colour} keeps RDB files only`);
  return warn(
    name,
    `${colour} keeps one`,
    `do not restart ${colour} while a rollback may be wanted: after a restart with AOF it can't continue the link`,
  );
}
