// A real SMTP server in this process, on loopback, for systems that have none. It keeps each mail as a file named for
// its Message-ID, so that a mail sent again after an unanswered DATA replaces itself.
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "../../runtime/index.ts";

const MAX_MAIL_BYTES = 25 * 1024 * 1024;
const MAX_HEAD_BYTES = 16_384;
const MESSAGE_ID = /^message-id:\s*<([^>\r\n]{1,300})>/im;

export interface EmbeddedMailServer {
  readonly url: string;
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startEmbeddedMailServer(folder: string, now: () => number): Promise<EmbeddedMailServer> {
  mkdirSync(folder, { recursive: true });
  const { SMTPServer } = await import("smtp-server");
  // One mail after the other: two of one Message-ID must not both find that there is none yet.
  let last: Promise<unknown> = Promise.resolve();
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    size: MAX_MAIL_BYTES,
    logger: false,
    onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (stream.sizeExceeded) return done(Object.assign(new Error("the mail is too large"), { responseCode: 552 }));
        const kept = last.then(() => keep(folder, Buffer.concat(chunks), now()));
        last = kept.catch(() => {});
        kept.then(
          () => done(),
          (error: unknown) => done(Object.assign(new Error(messageOf(error)), { responseCode: 451 })),
        );
      });
    },
  });
  server.on("error", () => {}); // a client that goes away in the middle is its own problem
  const port = await new Promise<number>((resolve, reject) => {
    server.server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return {
    url: `smtp://127.0.0.1:${port}`,
    folder,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function keep(folder: string, mail: Buffer, now: number): Promise<void> {
  const [head = ""] = mail.subarray(0, MAX_HEAD_BYTES).toString("latin1").split("\r\n\r\n", 1);
  const id = MESSAGE_ID.exec(head)?.[1] ?? createHash("sha256").update(mail).digest("hex");
  const safe = id.replaceAll(/[^A-Za-z0-9.@-]/g, "_").slice(0, 120);
  const known = (await readdir(folder)).find((file) => file.endsWith(`_${safe}.eml`));
  const file = known ?? `${new Date(now).toISOString().replaceAll(/[:.]/g, "-")}_${safe}.eml`;
  const temporary = join(folder, `.${safe}.${Math.floor(now)}.part`);
  await writeFile(temporary, mail);
  await rename(temporary, join(folder, file));
}
