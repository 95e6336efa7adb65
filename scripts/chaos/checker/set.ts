import { answered, open, type AnsweredCall, type Call, type KeyHistory, type Violation } from "./history.ts";

/** Nothing is ever removed, so each member is an object of its own that goes from absent to present once. */
export function checkSet(history: KeyHistory): Violation[] {
  const { key, final } = history;
  const present = new Set(final?.values);
  const members = new Map<number, KeyHistory>();
  for (const value of present) members.set(value, { ...history, calls: [] });
  for (const call of history.calls) {
    const member = members.get(call.value) ?? { ...history, calls: [] };
    members.set(call.value, member);
    member.calls.push(call);
  }
  return [...members].flatMap(([value, member]) => {
    const found = checkMember(member, final === undefined ? undefined : present.has(value));
    return found === undefined
      ? []
      : [{ kind: found.kind, key, seen: `${value}, ${found.seen}` } satisfies Violation];
  });
}

type MemberViolation = Omit<Violation, "key">;

/** There must be a moment in the one call that added it, behind which it is in and before which it isn't. */
function checkMember(member: KeyHistory, isInAtTheEnd: boolean | undefined): MemberViolation | undefined {
  const adds = answered(member, "add");
  const looks = answered(member, "contains");
  const adders = adds.filter(({ reply }) => reply === 1);
  const saw = [...adds, ...looks.filter(({ reply }) => reply === 1)];
  const missed = looks.filter(({ reply }) => reply === 0);
  if (adders.length > 1) return { kind: "lost", seen: "added twice: it was gone in between" };
  if (isInAtTheEnd === false && saw.length > 0) return { kind: "lost", seen: "is missing in the end" };
  const candidates = adders.length === 1 ? adders : open(member, "add");
  const isSeen = saw.length > 0 || isInAtTheEnd === true;
  if (!isSeen || candidates.some((candidate) => isPossible(candidate, saw, missed))) return undefined;
  const missedLate = missed.some(({ invokedAt }) => saw.some(({ endedAt }) => endedAt < invokedAt));
  return missedLate
    ? { kind: "lost", seen: "was in and then wasn't" }
    : { kind: "repeated", seen: "was in before anybody added it" };
}

function isPossible(adder: Call, saw: AnsweredCall[], missed: AnsweredCall[]): boolean {
  const from = Math.max(adder.invokedAt, ...missed.map(({ invokedAt }) => invokedAt));
  const to = Math.min(adder.endedAt, ...saw.map(({ endedAt }) => endedAt));
  return from <= to;
}
