// Whether the mail server can be reached and takes our login: found out with a connection that sends nothing. It logs in to
// the account that sends the mails, so however many pages of the doctor are open it does so seldom: what it has found holds
// for half a minute, and what may have been said against the login for five minutes. A wrong password that is tried more often
// locks the account. That is of one process: each that runs this service tries for itself, and once more when it is started.
import { createTransport } from "nodemailer";
import { answerWithin, type Clock, type Finding, messageOf } from "../../runtime/index.ts";
import { isFinal } from "./mail-policy.ts";

/** Whoever asks waits no longer; the connection goes on. */
const ANSWER_WITHIN_MS = 3_000;
/** Servers take their time over a login that they refuse. One that is hung up on before it says so is asked again. */
const SILENCE_MS = 15_000;
const KEPT_MS = 30_000;
const LOGIN_KEPT_MS = 300_000;

interface Verdict {
  readonly findings: Finding[];
  readonly keptMs: number;
}

export class ServerCheck {
  readonly #url: string;
  readonly #clock: Pick<Clock, "after" | "monotonic">;
  /** One connection for all who ask, until it has ended by itself. */
  #looking: Promise<Finding[]> | undefined;
  #latest: { readonly findings: Finding[]; readonly until: number } | undefined;

  constructor(url: string, clock: Pick<Clock, "after" | "monotonic">) {
    this.#url = url;
    this.#clock = clock;
  }

  async findings(): Promise<Finding[]> {
    if (this.#latest !== undefined && this.#clock.monotonic() < this.#latest.until) return this.#latest.findings;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    const looking = this.#looking;
    try {
      return await answerWithin(this.#clock, ANSWER_WITHIN_MS, () => looking);
    } catch (error) {
      // A server that always takes longer is as it was until the new look has ended.
      return this.#latest?.findings ?? [away(error)];
    }
  }

  async #look(): Promise<Finding[]> {
    const { findings, keptMs } = await logIn(this.#url);
    this.#latest = { findings, until: this.#clock.monotonic() + keptMs };
    return findings;
  }
}

async function logIn(url: string): Promise<Verdict> {
  const transport = createTransport({
    url,
    ...{ dnsTimeout: SILENCE_MS, connectionTimeout: SILENCE_MS },
    ...{ greetingTimeout: SILENCE_MS, socketTimeout: SILENCE_MS },
  } as object);
  try {
    await transport.verify();
    return { findings: [], keptMs: KEPT_MS };
  } catch (error) {
    const { code, timeoutType } = error as { readonly code?: unknown; readonly timeoutType?: unknown };
    if (code === "EAUTH") {
      // Else it is not the server's last word on who we say we are: often it has had too many logins already.
      return { findings: [isFinal(error) ? refused(error) : putOff(error)], keptMs: LOGIN_KEPT_MS };
    }
    // Some say nothing to a login they refuse, or hang up.
    const isAfterGreeting = code === "ECONNECTION" || timeoutType === "SOCKET_TIMEOUT";
    const mayBeOfLogin = isAfterGreeting && new URL(url).username !== "";
    return { findings: [away(error)], keptMs: mayBeOfLogin ? LOGIN_KEPT_MS : KEPT_MS };
  } finally {
    transport.close();
  }
}

function away(error: unknown): Finding {
  return {
    severity: "error",
    code: "SMTP_AWAY",
    subject: "SMTP",
    message: `the mail server cannot be reached: ${messageOf(error)}; ${isFinal(error) ? "each mail becomes a dead letter" : "mails wait for another attempt"}`,
    suggestion: "bring it back, or correct SMTP_URL; `apium queues pause email` saves the attempts if that takes long",
  };
}

/** To mails it is the same as a server that is away. */
function putOff(error: unknown): Finding {
  return {
    severity: "error",
    code: "SMTP_AWAY",
    subject: "SMTP",
    message: `the mail server takes no login for the time being: ${messageOf(error)}; mails wait for another attempt, and the doctor tries again after five minutes`,
    suggestion:
      "wait, and look at how many logins it allows; `apium queues pause email` saves the attempts if that takes long",
  };
}

function refused(error: unknown): Finding {
  return {
    severity: "error",
    code: "SMTP_LOGIN_REFUSED",
    subject: "SMTP",
    message: `the mail server refuses the login: ${messageOf(error)}; each mail becomes a dead letter, and the doctor tries again after five minutes`,
    suggestion: "`apium queues pause email`, then correct the user and password in SMTP_URL and restart",
  };
}
