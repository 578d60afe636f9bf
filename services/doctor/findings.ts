// What several processes have found, made one: the same trouble once, with who sees it; and nothing of what follows from
// something else that is told. Pure.
import type { Finding } from "../../runtime/index.ts";
import type { Answer, Rounds } from "./ask-processes.ts";

/** What the doctor finds, or cannot find out, only because its own process misses something else. */
const CONSEQUENCES: Readonly<Record<string, readonly string[]>> = {
  DATABASE_AWAY: ["CHECK_UNANSWERED"],
  NATS_AWAY: ["CHECK_UNANSWERED", "PROCESS_SILENT", "SCHEDULER_MISSING"],
};

/** Of a machine or its disk, which several processes may share: it needs no witness. */
const OF_A_MACHINE: ReadonlySet<string> = new Set(["CLOCK_APART", "DISK_NEARLY_FULL", "DISK_SILENT"]);

/** A server that only some of those who need it cannot reach is another matter than one that is gone. */
export function inOneVoice({ answers }: Rounds): Finding[] {
  const told = answers.flatMap(({ node, action, findings = [] }) =>
    findings.map((finding) => ({ node, action, finding })),
  );
  const same = Map.groupBy(told, ({ finding: { code, subject, message } }) =>
    // One disk may be many machines': it is as full for each of them.
    code.startsWith("DISK_") ? `${code} ${message}` : `${code} ${subject}`,
  );
  return [...same.values()].flatMap((voices) => {
    const [first] = voices;
    if (first === undefined) return [];
    if (OF_A_MACHINE.has(first.finding.code)) {
      const subjects = new Set(voices.map(({ finding }) => finding.subject));
      return [{ ...first.finding, subject: [...subjects].join(", ") }];
    }
    const asked = nodesOf(answers.filter(({ action }) => voices.some((voice) => voice.action === action)));
    const seenBy = nodesOf(voices);
    if (asked.length === 1 || seenBy.includes(first.finding.subject)) return [first.finding];
    const some = seenBy.length === asked.length ? "all" : `${seenBy.join(", ")}, of`;
    const says = seenBy.length === 1 ? "says" : "say";
    return [{ ...first.finding, message: `${first.finding.message}; so ${says} ${some} ${asked.length} processes` }];
  });
}

/** @param node - the doctor's own process. What another one misses explains little of what this one finds. */
export function withoutConsequences(findings: readonly Finding[], { answers }: Rounds, node: string): Finding[] {
  const missed = answers.filter((answer) => answer.node === node).flatMap((answer) => answer.findings ?? []);
  const hidden = new Set(missed.flatMap(({ code }) => CONSEQUENCES[code] ?? []));
  return findings.filter(({ code }) => !hidden.has(code));
}

function nodesOf(some: readonly Pick<Answer, "node">[]): string[] {
  return [...new Set(some.map(({ node }) => node))];
}
