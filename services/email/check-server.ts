// Whether the mail server can be reached and takes our login: found out with a connection that sends nothing. A login that
// was refused is not repeated for some minutes, whoever asks: that would lock the account.
import { createTransport } from "nodemailer";
import { type Clock, type Finding, messageOf, within } from "../../runtime/index.ts";

const LIMIT_MS = 3_000;
const REFUSED_FOR_MS = 300_000;

export class ServerCheck {
  readonly #url: string;
  readonly #clock: Pick<Clock, "after" | "monotonic">;
  /** Those who ask at once share one connection. */
  #looking: Promise<Finding[]> | undefined;
  #refused: { readonly until: number; readonly findings: Finding[] } | undefined;

  constructor(url: string, clock: Pick<Clock, "after" | "monotonic">) {
    this.#url = url;
    this.#clock = clock;
  }

  findings(): Promise<Finding[]> {
    if (this.#refused !== undefined && this.#clock.monotonic() < this.#refused.until) {
      return Promise.resolve(this.#refused.findings);
    }
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<Finding[]> {
    const transport = createTransport({
      url: this.#url,
      ...{ dnsTimeout: LIMIT_MS, connectionTimeout: LIMIT_MS, greetingTimeout: LIMIT_MS, socketTimeout: LIMIT_MS },
    } as object);
    try {
      await within(this.#clock, LIMIT_MS, () => transport.verify());
      return [];
    } catch (error) {
      if (!isRefusal(error)) return [away(error)];
      const findings = [refused(error)];
      this.#refused = { until: this.#clock.monotonic() + REFUSED_FOR_MS, findings };
      return findings;
    } finally {
      transport.close();
    }
  }
}

/** The server's last word on who we say we are; a 4xx is not. */
function isRefusal(error: unknown): boolean {
  const { code, responseCode = 535 } = error as { readonly code?: unknown; readonly responseCode?: number };
  return code === "EAUTH" && responseCode >= 500;
}

function away(error: unknown): Finding {
  return {
    severity: "error",
    code: "SMTP_AWAY",
    subject: "SMTP",
    message: `the mail server cannot be reached: ${messageOf(error)}; mails wait for another attempt`,
    suggestion: "bring it back, or correct SMTP_URL; `apium queues pause email` saves the attempts if that takes long",
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
