import { describe, expect, it } from "vitest";
import { commandsInUse } from "../../components/engine/compatibility/wayBack.ts";
import { parseInfo } from "../../components/engine/infoReply.ts";
import { formatBytes } from "../../components/engine/preflight/bytes.ts";
import { formatCheck } from "../../components/engine/preflight/checkResult.ts";
import { summariseClients } from "../../components/engine/preflight/clientSummary.ts";

const MIB = 1024 * 1024;

describe("what is read from a server", () => {
  it("counts clients without replicas, the primary and this project's own", () => {
    const lines = [
      "id=1 addr=1.2.3.4:5 name= flags=N user=default",
      "id=2 addr=1.2.3.4:6 name=worker flags=b user=default",
      "id=3 addr=1.2.3.4:7 name= flags=S user=default",
      "id=4 addr=1.2.3.4:8 name= flags=M user=(superuser)",
      "id=5 addr=1.2.3.4:9 name=redis-bluegreen-operator flags=N user=default",
      "id=6 addr=1.2.3.4:9 name=redis-bluegreen-operator-update-1 flags=N user=default",
      "id=7 addr=1.2.3.4:10 name= flags=N user=redis-bluegreen-proxy",
      "id=7 addr=1.2.3.4:10 name= flags=N user=redis-bluegreen-bridge",
      "id=7 addr=1.2.3.4:10 name= flags=N user=redis-bluegreen-replication",
      "id=8 addr=1.2.3.4:11 name= flags=PO user=default",
    ];
    expect(summariseClients(`${lines.join("\n")}\n`)).toEqual({ application: 3, blocked: 1 });
  });

  it("takes a command as used when a call of it succeeded that can't have been this project's own", () => {
    const info = parseInfo(
      [
        "cmdstat_get:calls=2,usec=1,usec_per_call=0.50",
        "cmdstat_hexpire:calls=3,usec=1,usec_per_call=0.5,rejected_calls=0,failed_calls=3",
        "cmdstat_xgroup|create:calls=1,usec=1,usec_per_call=1,rejected_calls=1,failed_calls=0",
        "cmdstat_VADD:calls=1,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0",
        "cmdstat_expiretime:calls=1,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0",
        "cmdstat_pexpiretime:calls=9,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0",
        "cmdstat_hpexpiretime:calls=9,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0",
        "cmdstat_hpttl:calls=9,usec=1,usec_per_call=1,rejected_calls=0,failed_calls=0",
        "cmdstat_set:calls=0,usec=0,usec_per_call=0.00,rejected_calls=4,failed_calls=0",
      ].join("\r\n"),
    );
    expect([...commandsInUse(info)]).toEqual(["get", "xgroup|create", "vadd", "expiretime"]);
  });
});

describe("what is printed", () => {
  it("is one aligned line", () => {
    expect(formatCheck({ name: "lag", outcome: "pass", figure: "0 bytes" })).toBe(
      "pass  lag                    0 bytes",
    );
    expect(formatCheck({ name: "blocked clients", outcome: "warn", figure: "2", cure: "ask again" })).toBe(
      "warn  blocked clients        2: ask again",
    );
  });

  it.each([
    [0, "0 bytes"],
    [1_023, "1023 bytes"],
    [1_536, "1.5 KiB"],
    [MIB, "1.0 MiB"],
    [3 * 1024 * MIB, "3.0 GiB"],
  ])("%d bytes as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
