// What the command line and the REPL read of the environment, beside a command's own options.

export interface ClientVariable {
  readonly meaning: string;
  /** In words. */
  readonly preset: string;
}

export const CLIENT_ENVIRONMENT = {
  APIUM_URL: { meaning: "Where the system is.", preset: "`http://HOST:PORT`" },
  APIUM_TOKEN: { meaning: "As whom.", preset: "the admin token in DATA_DIR" },
  HOST: { meaning: "Where the system is, without APIUM_URL.", preset: "`127.0.0.1`" },
  PORT: { meaning: "The same.", preset: "`3000`" },
  DATA_DIR: { meaning: "Where its admin token is, without APIUM_TOKEN.", preset: "`./data`" },
  NATS_URL: {
    meaning:
      "The REPL joins the bus, too: `nodes`, `services`, `events`, and `call` and the like in the token's name and role.",
    preset: "it does not",
  },
  NO_COLOR: { meaning: "Anything: no colours.", preset: "colours on a terminal" },
} as const satisfies Readonly<Record<string, ClientVariable>>;
