/** `apium events`: what happens, as it happens, for people and for machines, over a lost connection, and as a process. */
import { connect as connectTcp, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connect } from "../../cli/client.ts";
import { apiumProgram } from "../../cli/program.ts";
import { TASK_EVENTS_SUBJECT, type TaskEvent } from "../../runtime/index.ts";
import { eventually } from "../support/backends.ts";
import { runCommand } from "../support/command-line.ts";
import { openSmallGateway, type SmallGateway, TOKENS } from "../support/small-gateway.ts";

const ID = "0190aaaa-0000-7000-8000-00000000000";
const failed = (n: number): TaskEvent => ({
  ...{ type: "failed", id: `${ID}${n}`, name: "mail", queue: "email", attempt: 2, at: 1_800_000_000_000 },
  error: { code: "ECONNREFUSED", message: "connect ECONNREFUSED" },
});

describe("apium events", () => {
  let gateway: SmallGateway;
  let proxy: Server;
  let through = "";
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    gateway = await openSmallGateway({ runtime: { queues: [] } });
    // A way to the gateway that can be cut.
    const { hostname, port } = new URL(gateway.url);
    proxy = createServer((socket) => {
      const beyond = connectTcp(Number(port), hostname);
      for (const end of [socket, beyond]) {
        sockets.add(end);
        end.on("error", () => {}).on("close", () => sockets.delete(end));
      }
      socket.pipe(beyond).pipe(socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    through = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
  }, 300_000);
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
    await gateway.close();
  }, 300_000);

  const tell = (...events: TaskEvent[]) => gateway.broker.broadcast(TASK_EVENTS_SUBJECT, { events, dropped: 0 });

  /** The program in this process; lines as they come. */
  function watch(words: string, url = gateway.url): { readonly lines: string[]; readonly ended: Promise<unknown> } {
    const lines: string[] = [];
    const program = apiumProgram({
      client: () => connect({ url, token: TOKENS.viewer }),
      write: (text) => void lines.push(...text.trimEnd().split("\n")),
      writeError: () => {},
    });
    return { lines, ended: program.parseAsync(["events", ...words.split(" ")], { from: "user" }) };
  }
  test("tells each task's event by itself, those that are asked for, and ends after so many", async () => {
    const { lines, ended } = watch("--type task.failed --count 2 --follow --json");
    const telling = setInterval(() => void tell(failed(1), { ...failed(2), type: "succeeded" }), 100);
    await ended;
    clearInterval(telling);
    const [one, two] = lines.map((line) => JSON.parse(line) as { id: string; type: string; data: { id: string } });
    expect(lines).toHaveLength(2);
    expect([one?.type, two?.type]).toEqual(["task.failed", "task.failed"]);
    expect(one?.data).toMatchObject({ id: `${ID}1`, name: "mail", error: { code: "ECONNREFUSED" } });
  }, 300_000);

  test("goes on over a lost connection with what it missed, and after an id it is given", async () => {
    const { lines, ended } = watch("--type ticket.created --count 40 --follow --json", through);
    let n = 0;
    const telling = setInterval(() => void gateway.broker.broadcast("ticket.created", { id: ++n }), 50); // Ten seconds' worth are kept.
    for (const seen of [5, 20]) {
      await eventually(async () => lines.length > seen, 300_000);
      for (const socket of sockets) socket.destroy();
    }
    await ended;
    clearInterval(telling);
    const told = lines.map((line) => JSON.parse(line) as { id: string; data: { id: number } });
    const first = told[0]?.data.id ?? 0;
    expect(told.map(({ data }) => data.id)).toEqual(Array.from({ length: 40 }, (_, index) => first + index));
    const again = watch(`--type ticket.created --count 39 --after ${told[0]?.id} --json`);
    await again.ended;
    expect(again.lines).toEqual(lines.slice(1));
  }, 300_000);

  test("prints a line for people, and ends when its time is over", async () => {
    const run = runCommand({ url: gateway.url, token: TOKENS.viewer }, [
      "events",
      "--for",
      "120",
      "--count",
      "1",
      "--type",
      "task.*",
    ]);
    const telling = setInterval(() => void tell(failed(3)), 100);
    const { code, out } = await run;
    clearInterval(telling);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^\d\d:\d\d:\d\d\.\d{3} {2}task\.failed +mail +0190aaaa-\S+3 +email {2}attempt 2 .*ECONNREFUSED\n$/,
      ),
    });
    const short = await runCommand({ url: gateway.url, token: TOKENS.viewer }, ["events", "--for", "0.2"]);
    expect(short).toMatchObject({ code: 0, error: "" });
  }, 300_000);

  test("says why it cannot watch", async () => {
    expect(await runCommand({ url: gateway.url, token: "no-token-of-anybody" }, ["events"])).toMatchObject({
      code: 1,
    });
    expect(await runCommand({ url: "http://127.0.0.1:9", token: "x" }, ["events"])).toMatchObject({ code: 3 });
  }, 300_000);
});
