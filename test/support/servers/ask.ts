/** One question over TCP: connect, send, and resolve with what came back as soon as it is a complete answer. */
import { connect } from "node:net";

const ANSWER_MS = 10_000;

export function ask(
  port: number,
  question: string | Uint8Array,
  isComplete: (answer: Buffer) => boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    const socket = connect({ port, host: "127.0.0.1" });
    const fail = (reason: Error) => {
      socket.destroy();
      reject(reason);
    };
    socket.setTimeout(ANSWER_MS, () => fail(new Error(`port ${port} did not answer within ${ANSWER_MS} ms`)));
    socket.once("error", fail);
    socket.once("close", () =>
      fail(new Error(`port ${port} closed the connection: ${JSON.stringify(answer.toString("latin1"))}`)),
    );
    socket.once("connect", () => socket.write(question));
    socket.on("data", (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (!isComplete(answer)) return;
      resolve(answer);
      socket.destroy();
    });
  });
}
