// The settings, their meaning and their defaults, read once at the start. Whatever is wrong stops the start, one line
// for each setting.
import { cpus } from "node:os";
import { z } from "zod";
import { ApiumError, compileRoutes, durationMs, messageOf, queueNamed } from "./runtime/index.ts";

const SERVICE_NAMES = [
  "gateway",
  "email",
  "facility",
  "jobs",
  "tickets",
  "escalation",
  "imports",
  "reports",
  "media",
  "maintenance",
  "work-orders",
  "mobile",
  "mqtt",
  "metrics",
  "datasets",
  "scheduler",
  "cache",
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

const url = (...protocols: string[]) =>
  z.string().refine((text) => text.split(",").every((part) => protocols.includes(protocolOf(part))), {
    message: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
  });
const duration = z
  .string()
  .transform((text, ctx) => attempt(ctx, () => durationMs(/^\d+$/.test(text) ? Number(text) : text)));
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

const schema = z.object({
  /** HTTP port of the gateway. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  /** Address the gateway listens on. */
  HOST: z.string().default("127.0.0.1"),
  /** How many proxies stand before the gateway: that many addresses of X-Forwarded-For are believed. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Folder of everything an embedded system keeps. */
  DATA_DIR: z.string().default("./data"),
  /** The bus and the task queue; several processes need it. */
  NATS_URL: url("nats:", "tls:").optional(),
  /** PostgreSQL; without it the embedded database in DATA_DIR. */
  DATABASE_URL: url("postgres:", "postgresql:").optional(),
  REDIS_URL: url("redis:", "rediss:").optional(),
  /** Where mail goes; without it the embedded mail server keeps it in DATA_DIR/mail. */
  SMTP_URL: url("smtp:", "smtps:").optional(),
  MAIL_FROM: z.string().min(3).default("Apium <apium@localhost>"),
  ALERT_TO: z.string().optional(),
  /** The broker of the devices and of the change feed; without it an embedded one. */
  MQTT_URL: url("mqtt:", "mqtts:").optional(),
  MEDIA_ROOT: z.string().optional(),
  MEDIA_BUCKET: z.string().optional(),
  /** Services of this process; default all. */
  SERVICES: list.pipe(z.array(z.enum(SERVICE_NAMES))).default([...SERVICE_NAMES]),
  /** Queues this process works; default all that exist. Empty: none. */
  QUEUES: list.transform((names, ctx) => attempt(ctx, () => names.map(queueNamed))).optional(),
  /** Tasks at once in this process. */
  CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(Math.max(10, cpus().length * 5)),
  /** How long a stopping process waits for what runs. */
  DRAIN_TIMEOUT: duration.default(30_000),
  /** How long results are kept. */
  RESULT_EXPIRES: duration.default(3_600_000),
  /** How long finished tasks are kept. */
  HISTORY_RETENTION: duration.default(30 * 86_400_000),
  /** JSON: globs on task names to { queue, priority }. */
  TASK_ROUTES: z
    .string()
    .transform((text, ctx) => attempt(ctx, () => compileRoutes(JSON.parse(text))))
    .default(() => compileRoutes({})),
  /** `role:token,…` with the roles viewer, operator, admin. */
  API_TOKENS: list
    .pipe(
      z.array(
        z
          .string()
          .regex(/^(viewer|operator|admin):\S{16,}$/, "must be role:token with a token of at least 16 characters"),
      ),
    )
    .transform((entries) =>
      entries.map((entry) => {
        const [role = "", ...token] = entry.split(":");
        return { role: role as "viewer" | "operator" | "admin", token: token.join(":") };
      }),
    )
    .optional(),
  JWT_SECRET: z.string().min(32).optional(),
  /** A file that is touched every few seconds while the process lives, for who asks how it is (cli/healthcheck.mjs). */
  ALIVE_FILE: z.string().optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace"]).default("info"),
  /** The worker drains and exits for its supervisor after this many tasks. */
  WORKER_MAX_TASKS: z.coerce.number().int().min(1).optional(),
  /** The worker drains and exits for its supervisor above this much memory (MB). */
  WORKER_MAX_MEMORY: z.coerce.number().int().min(64).optional(),
});

export type Settings = z.output<typeof schema>;

/** Of every variable that is read. */
export const SETTING_NAMES: readonly string[] = Object.keys(schema.shape);

/** @throws ApiumError `SETTINGS_INVALID`, one line a setting. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const names = SETTING_NAMES;
  const given = Object.fromEntries(
    names
      .filter((name) => environment[name] !== undefined && (environment[name] !== "" || name === "QUEUES"))
      .map((name) => [name, environment[name]]),
  );
  const parsed = schema.safeParse(given);
  const lines = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.map(String).join(".")}: ${issue.message}`);
  if (environment.NATS_URL && !environment.DATABASE_URL) {
    lines.push("NATS_URL: needs DATABASE_URL too; the embedded database belongs to one process alone");
  }
  if (!parsed.success || lines.length > 0) throw new ApiumError("SETTINGS_INVALID", lines.join("\n"));
  return parsed.data;
}

function protocolOf(text: string): string {
  try {
    return new URL(text).protocol;
  } catch {
    return "";
  }
}

function attempt<Value>(ctx: z.RefinementCtx, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    ctx.addIssue({ code: "custom", message: messageOf(error) });
    return z.NEVER;
  }
}
