// The broker's options, from the settings. Moleculer's NATS transporter carries calls and events; tasks travel on a
// connection of the runtime's own.
import type { BrokerOptions } from "moleculer";
import { AskAgain, WatchfulNats } from "./runtime/moleculer/index.ts";
import { readSettings, type Settings } from "./settings.ts";
import { type Bindings, type Level, lineWriter, secretsOf, type WriteLine } from "./telemetry/index.ts";

const HEARTBEAT_S = 3;
const HEARTBEAT_TIMEOUT_S = 10;
const REQUEST_TIMEOUT_MS = 30_000;
/** As the runtime's own connection: a silent partition is noticed within seconds, and no outage makes it give up. */
const NATS_CLIENT = { pingInterval: 2_000, maxPingOut: 2, reconnectTimeWait: 250, ignoreAuthErrorAbort: true } as const;

/** `write` makes the lines of the log; default: for people. */
export function brokerOptions(
  settings: Pick<Settings, "NATS_URL" | "LOG_LEVEL">,
  write: WriteLine = lineWriter("text", secretsOf(process.env)),
): BrokerOptions {
  const formatter = (level: Level, said: unknown[], bindings: Bindings) => [write(level, said, bindings)];
  return {
    namespace: "apium",
    logger: { type: "Console", options: { level: logLevels(settings.LOG_LEVEL), formatter } },
    transporter: settings.NATS_URL === undefined ? null : new WatchfulNats(natsOptions(settings.NATS_URL)),
    heartbeatInterval: HEARTBEAT_S,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_S,
    // Calls may run longer where they say so; none may hang for ever, which is Moleculer's default.
    requestTimeout: REQUEST_TIMEOUT_MS,
    maxCallLevel: 50,
    tracking: { enabled: true, shutdownTimeout: 10_000 },
    registry: { preferLocal: true },
    validator: false,
    errorHandler: null,
    skipProcessEventRegistration: true,
    middlewares: [AskAgain()],
  };
}

/**
 * At "info" Moleculer tells of every route and service; what an operator wants to read comes from the runtime. Its
 * gateway logs each refused request with a stack; ours logs what is our fault (services/gateway).
 */
function logLevels(level: Settings["LOG_LEVEL"]): unknown {
  return level === "info" ? { RUNTIME: "info", GATEWAY: "fatal", "**": "warn" } : level;
}

/** For moleculer-runner (`-c moleculer.config.ts`); `start.ts` hands its own settings in. */
export default function config(): BrokerOptions {
  const settings = readSettings(process.env);
  return brokerOptions(settings, lineWriter(settings.LOG_FORMAT, secretsOf(process.env)));
}

function natsOptions(url: string): object {
  const servers = url.split(",").map((part) => new URL(part));
  const [first] = servers;
  const { username, password } = first ?? { username: "", password: "" };
  return {
    ...NATS_CLIENT,
    servers: servers.map((server) => server.host),
    ...(username === "" ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(first?.protocol === "tls:" ? { tls: {} } : {}),
  };
}
