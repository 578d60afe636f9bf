// The settings, their meaning and their defaults, read once at the start. Whatever is wrong stops the start, one line
// for each setting.
import { cpus } from "node:os";
import { z } from "zod";
import { ApiumError, compileRoutes, durationMs, messageOf, QUEUES, queueNamed } from "./runtime/index.ts";

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
  "doctor",
  "datasets",
  "scheduler",
  "cache",
] as const;
const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** As OpenTelemetry names them. */
const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;

export type ServiceName = (typeof SERVICE_NAMES)[number];

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace"] as const;

/** What the reference says of a setting (docs/reference/settings.md). */
export interface SettingFacts {
  /** A sentence. */
  readonly meaning: string;
  /** How it is written, with its unit and bounds. */
  readonly format: string;
  readonly example: string;
  /** Who has to think of it. */
  readonly neededBy: string;
  /** What happens without it, where its default cannot be written as a value. */
  readonly without?: string;
}

/** The facts of each setting; there is no other list. */
export const SETTING_FACTS = z.registry<SettingFacts>();

const url = (...protocols: string[]) =>
  z.string().refine((text) => text.split(",").every((part) => protocols.includes(protocolOf(part))), {
    message: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
  });
const duration = z
  .string()
  .transform((text, ctx) => attempt(ctx, () => durationMs(/^\d+$/.test(text) ? Number(text) : text)));
const DURATION = "a duration: 250ms, 30s, 5m, 2h, 1d, or milliseconds";
/** A garbage collection or a large render is no hang. */
const SHORTEST_HANG_MS = 10_000;
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

const schema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000).register(SETTING_FACTS, {
    meaning: "Where the gateway listens.",
    format: "a port, 0 to 65535; 0 takes a free one",
    example: "8080",
    neededBy: "a gateway",
  }),
  HOST: z.string().default("127.0.0.1").register(SETTING_FACTS, {
    meaning: "The address the gateway listens on. Other machines need another one than the default, and TLS before it.",
    format: "an address of this machine",
    example: "0.0.0.0",
    neededBy: "a gateway",
  }),
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0).register(SETTING_FACTS, {
    meaning:
      "How many proxies stand before the gateway: that many addresses of X-Forwarded-For are believed. Guessing at a sign-in is counted by address.",
    format: "0 to 10",
    example: "1",
    neededBy: "a gateway behind a proxy",
  }),
  DATA_DIR: z.string().default("./data").register(SETTING_FACTS, {
    meaning:
      "The folder of everything an embedded system keeps: database, mails, files, its secrets. One process at a time opens its database.",
    format: "a folder; it is made",
    example: "/var/lib/apium",
    neededBy: "an embedded system; several processes that share attachments and secrets",
  }),
  NATS_URL: url("nats:", "tls:").optional().register(SETTING_FACTS, {
    meaning: "The bus and the task queue (JetStream). Needs DATABASE_URL too.",
    format: "nats:// or tls:// URLs, with commas",
    example: "nats://apium:secret@nats-1:4222,nats://apium:secret@nats-2:4222",
    neededBy: "several processes",
    without: "one process; the queue is in the database",
  }),
  DATABASE_URL: url("postgres:", "postgresql:").optional().register(SETTING_FACTS, {
    meaning: "PostgreSQL 15 or newer, with its durable defaults: it is the book of record.",
    format: "a postgres:// URL",
    example: "postgres://apium:secret@db:5432/apium",
    neededBy: "several processes, and whoever cannot lose a power cut",
    without: "the embedded database (PGlite) in DATA_DIR",
  }),
  REDIS_URL: url("redis:", "rediss:").optional().register(SETTING_FACTS, {
    meaning:
      "The server of the caches, Redis 7 or newer, best one of its own. The database numbers are those of the named caches (1 and 2); one in the URL counts for nothing.",
    format: "a redis:// or rediss:// URL",
    example: "redis://:secret@cache:6379",
    neededBy: "several processes that share caches and sessions",
    without: "in the memory of the process that runs the service `cache`",
  }),
  SMTP_URL: url("smtp:", "smtps:").optional().register(SETTING_FACTS, {
    meaning: "The server mail leaves by.",
    format: "an smtp:// or smtps:// URL",
    example: "smtp://user:secret@mail.example:587",
    neededBy: "whoever wants mail to leave the machine",
    without: "an embedded mail server keeps it in DATA_DIR/mail",
  }),
  MAIL_FROM: z.string().min(3).default("Apium <apium@localhost>").register(SETTING_FACTS, {
    meaning: "The sender of mails.",
    format: "an address, with a name before it",
    example: "Facility desk <desk@facility.example>",
    neededBy: "the service `email`",
  }),
  ALERT_TO: z.string().optional().register(SETTING_FACTS, {
    meaning: "Who gets the mails about work for which nobody else can be found. Never reports.",
    format: "addresses, with commas",
    example: "duty@facility.example",
    neededBy: "the service `email`",
    without: "such a mail fails, and its task becomes a dead letter",
  }),
  MQTT_URL: url("mqtt:", "mqtts:").optional().register(SETTING_FACTS, {
    meaning: "The broker of the devices and of the change feed.",
    format: "an mqtt:// or mqtts:// URL; `?ca=` names a file with the certificate to trust",
    example: "mqtts://apium:secret@mqtt:8883?ca=/etc/ca.pem",
    neededBy: "several processes with devices",
    without: "embedded, a broker on the loopback interface; in several processes none",
  }),
  MEDIA_ROOT: z.string().optional().register(SETTING_FACTS, {
    meaning: "Where attachments are taken in; below it `transactions/`.",
    format: "a folder",
    example: "/srv/media",
    neededBy: "processes with the service `media`: all the same folder",
    without: "DATA_DIR/media",
  }),
  MEDIA_BUCKET: z.string().optional().register(SETTING_FACTS, {
    meaning:
      "The bucket of Google Cloud Storage for old attachments and for reports. Credentials are found as its library does: GOOGLE_APPLICATION_CREDENTIALS, or the machine's own; an emulator with STORAGE_EMULATOR_HOST.",
    format: "the name of a bucket",
    example: "facility-media",
    neededBy: "processes with `media` or `reports`",
    without: "the folder DATA_DIR/objects, which all processes must share",
  }),
  SERVICES: list
    .pipe(z.array(z.enum(SERVICE_NAMES)))
    .default([...SERVICE_NAMES])
    .register(SETTING_FACTS, {
      meaning: "The services of this process.",
      format: `names, with commas: ${SERVICE_NAMES.join(", ")}`,
      example: "gateway",
      neededBy: "several processes",
      without: "all",
    }),
  QUEUES: list
    .transform((names, ctx) => attempt(ctx, () => names.map(queueNamed)))
    .optional()
    .register(SETTING_FACTS, {
      meaning: "The queues this process works. Empty: none. The names of the original are taken too.",
      format: `names, with commas: ${QUEUES.join(", ")}`,
      example: "critical,high_priority,default",
      neededBy: "several processes",
      without: "all",
    }),
  CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(Math.max(10, cpus().length * 5))
    .register(SETTING_FACTS, {
      meaning: "How many tasks run at once in this process.",
      format: "1 to 10000",
      example: "20",
      neededBy: "a worker",
      without: "5 for each core, at least 10",
    }),
  DRAIN_TIMEOUT: duration.prefault("30s").register(SETTING_FACTS, {
    meaning: "How long a stopping process waits for what runs; the rest is handed back.",
    format: DURATION,
    example: "5m",
    neededBy: "a worker; its supervisor must wait longer (15 s more)",
  }),
  RESULT_EXPIRES: duration.prefault("1h").register(SETTING_FACTS, {
    meaning: "How long results are kept, where a task does not say so itself.",
    format: DURATION,
    example: "24h",
    neededBy: "whoever asks for results later",
  }),
  HISTORY_RETENTION: duration.prefault("30d").register(SETTING_FACTS, {
    meaning: "How long finished tasks, their attempts and errors are kept.",
    format: DURATION,
    example: "90d",
    neededBy: "whoever has to say later what ran",
  }),
  AUDIT_RETENTION: duration.prefault("400d").register(SETTING_FACTS, {
    meaning: "How long it is kept who changed what.",
    format: DURATION,
    example: "1095d",
    neededBy: "whoever has to say later who did it, and whoever must forget",
  }),
  TASK_ROUTES: z
    .string()
    .transform((text, ctx) => attempt(ctx, () => compileRoutes(JSON.parse(text))))
    .default(() => compileRoutes({}))
    .register(SETTING_FACTS, {
      meaning: "Queues and priorities of tasks by their names, where neither the call nor the task says one.",
      format: "JSON: globs on task names to { queue, priority }",
      example: '{"generate_*": {"queue": "reports", "priority": 3}}',
      neededBy: "all processes: the same",
      without: "as the tasks say",
    }),
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
    .optional()
    .register(SETTING_FACTS, {
      meaning: "Tokens of operators of the whole system. Others are made while it runs: `apium tokens create`.",
      format: "role:token, with commas; roles viewer, operator, admin; tokens of 16 characters or more",
      example: "admin:change-me-0123456789abcdef",
      neededBy: "gateways of several processes",
      without: "one admin token, made at the first start, in DATA_DIR/admin-token",
    }),
  JWT_SECRET: z.string().min(32).optional().register(SETTING_FACTS, {
    meaning: "Signs the tokens of phones and the sessions of the dashboard. Whoever has it can be anybody.",
    format: "32 characters or more; `openssl rand -base64 32` makes one",
    example: "change-me-to-32-random-characters",
    neededBy: "several processes: the same",
    without: "secrets of its own in DATA_DIR",
  }),
  LOG_LEVEL: z
    .enum(LOG_LEVELS)
    .default("info")
    .register(SETTING_FACTS, {
      meaning: "What is logged, to the standard streams.",
      format: LOG_LEVELS.join(", "),
      example: "debug",
      neededBy: "nobody",
    }),
  LOG_FORMAT: z
    .enum(LOG_FORMATS)
    .default("text")
    .register(SETTING_FACTS, {
      meaning: "Lines for people, or one JSON object a line for machines.",
      format: LOG_FORMATS.join(", "),
      example: "json",
      neededBy: "whoever gathers logs",
    }),
  OTEL_EXPORTER_OTLP_ENDPOINT: url("http:", "https:").optional().register(SETTING_FACTS, {
    meaning:
      "Where traces go. OpenTelemetry reads by itself OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and what more there is of OTEL_EXPORTER_OTLP_… (HEADERS, TIMEOUT, COMPRESSION, CERTIFICATE).",
    format: "http:// or https://, usually port 4318",
    example: "http://localhost:4318",
    neededBy: "whoever wants traces: all processes",
    without: "no traces",
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.literal("http/protobuf").default("http/protobuf").register(SETTING_FACTS, {
    meaning: "How traces are sent; there is one way.",
    format: "http/protobuf",
    example: "http/protobuf",
    neededBy: "nobody",
  }),
  OTEL_TRACES_SAMPLER: z
    .enum(SAMPLERS)
    .default("parentbased_always_on")
    .register(SETTING_FACTS, {
      meaning: "Which traces are recorded; `parentbased_…`: unless whoever began a trace has decided.",
      format: SAMPLERS.join(", "),
      example: "parentbased_traceidratio",
      neededBy: "systems with thousands of tasks a second",
    }),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1).register(SETTING_FACTS, {
    meaning: "For `traceidratio`: the share of traces.",
    format: "0 to 1",
    example: "0.01",
    neededBy: "the same",
  }),
  WORKER_MAX_TASKS: z.coerce.number().int().min(1).optional().register(SETTING_FACTS, {
    meaning: "After this many tasks the process drains and exits with 0, for its supervisor to start it anew.",
    format: "1 or more",
    example: "10000",
    neededBy: "workers under a supervisor, when something leaks",
    without: "never",
  }),
  WORKER_MAX_MEMORY: z.coerce.number().int().min(64).optional().register(SETTING_FACTS, {
    meaning: "Above this much resident memory it does the same.",
    format: "MB, 64 or more",
    example: "1024",
    neededBy: "workers under a supervisor, when something leaks",
    without: "never",
  }),
  HANG_TIMEOUT: duration
    .refine((ms) => ms === 0 || ms >= SHORTEST_HANG_MS, { message: "must be 0 or at least 10s" })
    .prefault("5m")
    .register(SETTING_FACTS, {
      meaning:
        "A process whose event loop has not turned for this long says where it hangs and ends itself (SIGKILL), for its supervisor to start it anew. A debugger that is attached stays its hand.",
      format: `${DURATION}; at least 10s, or 0 for never`,
      example: "2m",
      neededBy: "whoever has handlers that compute for minutes without a pause",
    }),
  ALIVE_FILE: z.string().optional().register(SETTING_FACTS, {
    meaning: "A file that is touched every 5 s while the process lives; `node cli/healthcheck.mjs` looks at it.",
    format: "a path",
    example: "/tmp/apium-alive",
    neededBy: "containers without a gateway",
    without: "no file",
  }),
});

/** Each setting with what it takes, for the reference. */
export const SETTINGS: Readonly<Record<string, z.ZodType>> = schema.shape;

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
