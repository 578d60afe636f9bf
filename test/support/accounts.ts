/** A gateway with the accounts and the facility behind it, in this process, and requests to it as anybody. */
import type { Server } from "node:http";
import type { ServiceSchema } from "moleculer";
import { SystemClock } from "../../runtime/index.ts";
import { taskOperations } from "../../runtime/moleculer/index.ts";
import { cacheModule } from "../../services/cache/index.ts";
import { sendReadingsAlert, sendTicketEmail } from "../../services/email/tasks.ts";
import { accountsModule } from "../../services/facility/accounts-module.ts";
import { facilityModule } from "../../services/facility/index.ts";
import { gatewayModule } from "../../services/gateway/index.ts";
import type { ServiceModule } from "../../services/service-module.ts";
import { ticketsModule } from "../../services/tickets/index.ts";
import type { Backend } from "./backends.ts";
import { type RunningServices, startServices } from "./services.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The whole system's. */
export const TOKENS = {
  viewer: "viewer-token-of-the-test",
  operator: "operator-token-of-the-test",
  admin: "admin-token-of-the-test-suite",
} as const;

export interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer of the API, read field by field.
  readonly body: any;
  readonly headers: Headers;
}

export interface AccountsGateway extends RunningServices {
  readonly url: string;
  readonly clock: MovableClock;
  /** A request below /api/v1 with a token, or with a session's cookie. */
  ask(as: string | { readonly cookie: string }, method: string, path: string, body?: object): Promise<Answered>;
  /** The login form. */
  login(form: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** The cookie of a login that must succeed. */
  cookieOf(form: Readonly<Record<string, string>>): Promise<{ readonly cookie: string }>;
}

/** The system's clock, which can be set forward. */
export class MovableClock extends SystemClock {
  aheadMs = 0;

  override now(): number {
    return super.now() + this.aheadMs;
  }
}

export interface GatewayOptions {
  /** In for services that are not there: their routes. */
  readonly stands?: readonly ServiceSchema[];
  /** Besides accounts, facility and tickets. */
  readonly modules?: readonly ServiceModule[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Queues that are worked; default none. */
  readonly queues?: readonly string[];
}

export async function startAccountsGateway(
  backend: Backend,
  { stands = [], modules = [], queues = [], environment = {} }: GatewayOptions = {},
): Promise<AccountsGateway> {
  const folder = temporaryFolder();
  const clock = new MovableClock();
  const services = await startServices(backend, {
    modules: [cacheModule, facilityModule, ticketsModule, accountsModule, ...modules, gatewayModule],
    tasks: [sendTicketEmail, sendReadingsAlert],
    environment: {
      PORT: "0",
      DATA_DIR: folder.path,
      API_TOKENS: Object.entries(TOKENS)
        .map(([role, token]) => `${role}:${token}`)
        .join(","),
      ...environment,
    },
    runtime: { queues: [...queues], parts: { clock } },
    listeners: stands,
  });
  const { server } = services.broker.getLocalService("gateway") as unknown as { server: Server };
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const login: AccountsGateway["login"] = (form, headers = {}) =>
    fetch(`${url}/login`, {
      method: "POST",
      redirect: "manual",
      headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
      body: new URLSearchParams(form),
    });
  return {
    ...services,
    url,
    clock,
    login,
    async ask(as, method, path, body) {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          ...(typeof as === "string" ? { Authorization: `Bearer ${as}` } : { Cookie: as.cookie, Origin: url }),
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json(), headers: response.headers };
    },
    async cookieOf(form) {
      const response = await login(form);
      const [cookie = ""] = (response.headers.get("set-cookie") ?? "").split(";");
      if (response.headers.get("location") !== "/" || cookie === "") throw new Error(`no login: ${response.status}`);
      return { cookie };
    },
    async stop() {
      await services.stop();
      folder.remove();
    },
  };
}

/** The same with the runtime's operations behind it: tasks, queues, workers. */
export async function startTaskGateway(backend: Backend, options?: GatewayOptions): Promise<AccountsGateway> {
  const gateway = await startAccountsGateway(backend, options);
  gateway.broker.createService(taskOperations(gateway.runtime));
  await gateway.broker.waitForServices(["tasks"]);
  return gateway;
}
