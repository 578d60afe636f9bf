/** A mail server of a test's own, which is up, down, or up and refusing mails or logins, on one port; and every mail it has taken. */
import { SMTPServer } from "smtp-server";
import { freePort } from "./servers/free-port.ts";

const UNKNOWN_LOGIN = "535 5.7.8 Authentication credentials invalid";

interface Refusal {
  /** A reply of SMTP. Default: it knows nobody by this name and password. */
  readonly reply?: string;
  /** It takes its time: until `answerLogins`. */
  readonly isLate?: boolean;
}

export interface ReceivedMail {
  readonly messageId: string;
  readonly subject: string;
}

export class MailServer {
  readonly url: string;
  readonly received: ReceivedMail[] = [];
  /** Logins it was asked for. */
  logins = 0;
  readonly #port: number;
  #server: SMTPServer | undefined;
  #refuses = false;
  /** Undefined: it takes mails from whoever brings them, and nobody logs in. */
  #refusal: Required<Refusal> | undefined;
  #answers: (() => void)[] = [];

  private constructor(port: number) {
    this.#port = port;
    this.url = `smtp://127.0.0.1:${port}`;
  }

  /** It is down until it is told to come up. */
  static async open(): Promise<MailServer> {
    return new MailServer(await freePort());
  }

  /** Those about tickets: on Sundays the demo's maintenance of each Monday sends a reminder of its own. */
  get ofTickets(): readonly ReceivedMail[] {
    return this.received.filter(({ subject }) => subject.startsWith("Ticket "));
  }

  async up(): Promise<void> {
    await this.down();
    this.#refuses = false;
    this.#refusal = undefined;
    await this.#listen();
  }

  /** It answers, and takes no mail for anybody: somebody has started it with the wrong configuration. */
  async refuse(): Promise<void> {
    await this.down();
    this.#refuses = true;
    await this.#listen();
  }

  /** It knows nobody by the name and password it is given: somebody has changed them. Or it has another reason. */
  async refuseLogins({ reply = UNKNOWN_LOGIN, isLate = false }: Refusal = {}): Promise<void> {
    await this.down();
    this.#refusal = { reply, isLate };
    await this.#listen();
  }

  /** Those that wait for it. */
  answerLogins(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async #listen(): Promise<void> {
    const { reply, isLate } = this.#refusal ?? { reply: UNKNOWN_LOGIN, isLate: false };
    const server = new SMTPServer({
      disabledCommands: this.#refusal === undefined ? ["AUTH", "STARTTLS"] : ["STARTTLS"],
      onAuth: (_login, _session, done) => {
        this.logins += 1;
        const refusal = Object.assign(new Error(reply.slice(4)), { responseCode: Number(reply.slice(0, 3)) });
        if (isLate) this.#answers.push(() => done(refusal));
        else done(refusal);
      },
      disableReverseLookup: true,
      // Connections that are kept open end with the server, as with a process that dies.
      closeTimeout: 10,
      onRcptTo: (_address, _session, done) => {
        if (!this.#refuses) return done();
        done(Object.assign(new Error("5.7.1 Relay access denied"), { responseCode: 554 }));
      },
      onData: (stream, _session, done) => {
        let text = "";
        stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
        stream.on("end", () => {
          const head = text.slice(0, text.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " ");
          const field = (name: string) => new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1] ?? "";
          this.received.push({ messageId: field("message-id"), subject: field("subject") });
          done();
        });
      },
    });
    server.on("error", () => {}); // A client that goes away in the middle is its own problem.
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", () => resolve());
    });
  }
}
