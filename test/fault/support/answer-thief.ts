/**
 * A door to PostgreSQL that steals answers: it lets a claim through, waits until the server has committed and answered
 * it, and then cuts the connection instead of handing the answer on.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Names of prepared statements as they stand in the protocol: each Bind of a claim carries one. */
const CLAIMS = [Buffer.from("claim_refs\0"), Buffer.from("claim_lanes\0")];
/** ReadyForQuery outside a transaction: what went before it is committed. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
/** CommandComplete of an update that changed nothing: a claim that claimed nothing is no loss. */
const NOTHING = Buffer.from("UPDATE 0\0");

export interface AnswerThief {
  /** Like the server's own, at another port. */
  readonly url: string;
  /** Answers stolen so far of claims that had claimed something. */
  readonly stolen: number;
  /** Steals the answer of every n-th claim that claims something; 0 hands all on. */
  stealEvery(n: number): void;
  close(): Promise<void>;
}

export async function openAnswerThief(serverUrl: string): Promise<AnswerThief> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let every = 0;
  let answered = 0;
  let stolen = 0;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let withheld: Buffer | undefined;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", cut).on("close", () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on("data", (data) => {
      if (every > 0 && CLAIMS.some((name) => data.includes(name))) withheld ??= Buffer.alloc(0);
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (withheld === undefined) return void client.write(data);
      withheld = Buffer.concat([withheld, data]);
      if (!withheld.subarray(-READY.length).equals(READY)) return;
      if (!withheld.includes(NOTHING) && every > 0 && ++answered % every === 0) {
        stolen++;
        return cut();
      }
      client.write(withheld);
      withheld = undefined;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = new URL(serverUrl);
  url.hostname = "127.0.0.1";
  url.port = String(address.port);
  return {
    url: url.href,
    get stolen() {
      return stolen;
    },
    stealEvery(n) {
      every = n;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
