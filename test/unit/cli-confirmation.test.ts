/** Commands that destroy more than what was named do it only when it is said twice, and tell what they would do. */
import { expect, test } from "@jest/globals";
import type { Client } from "../../cli/client.ts";
import { apiumProgram } from "../../cli/program.ts";

/** Runs a command on a system that takes everything: what was sent to it, and the code of the refusal. */
async function typed(line: string): Promise<{ sent: object[]; code?: string; message?: string }> {
  const sent: object[] = [];
  const answers = {
    items: [{ name: "email", queued: 3 }],
    matched: 3,
    byName: {},
    silent: [],
    refused: [],
    obeyed: [],
  };
  const client: Client = {
    target: { url: "", token: "" },
    get: async () => answers,
    description: async () => ({}),
    download: async () => new ReadableStream(),
    async send(method, path, body) {
      sent.push({ method, path, body });
      return answers;
    },
  };
  const program = apiumProgram({ client: () => client, write() {}, writeError() {} });
  try {
    await program.parseAsync([...line.split(" "), "--json"], { from: "user" });
    return { sent };
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { sent, code, message };
  }
}

test.each([
  ["queues purge email", "revokes 3 tasks in email"],
  ["cache clear select2", "every key of the cache select2"],
  ["dead-letters dismiss --all", "dismisses every dead letter"],
  ["control shutdown --all", "ends every worker"],
])("%s wants --yes", async (line, told) => {
  const refused = await typed(line);
  expect(refused).toMatchObject({ sent: [], code: "NOT_CONFIRMED", message: expect.stringContaining(told) });
  const { sent, code } = await typed(`${line} --yes`);
  expect(code).toBeUndefined();
  expect(sent).toEqual([expect.objectContaining({ method: "POST" })]);
  expect(JSON.stringify(sent)).not.toContain("yes");
});

test.each([
  "queues purge email",
  "cache clear select2",
  "cache delete-pattern a*",
  "cache invalidate-tags a b",
  "dead-letters dismiss --all",
])("%s --dry-run asks for a count, and needs no --yes", async (line) => {
  const { sent, code } = await typed(`${line} --dry-run`);
  expect(code).toBeUndefined();
  expect(sent).toEqual([expect.objectContaining({ body: expect.objectContaining({ dryRun: true }) })]);
});

test.each(["control shutdown --worker w", "dead-letters dismiss one", "dead-letters dismiss --name mail"])(
  "%s names what it is about, and needs no --yes",
  async (line) => {
    expect((await typed(line)).sent).toHaveLength(1);
  },
);
