/** What `deploy/compose.yaml` says, for tests that hold it against the code or run its roles as processes. */
import { readFileSync } from "node:fs";
import { parse } from "yaml";

export interface ComposeService {
  readonly image?: string;
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly expose?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
  readonly deploy?: { readonly replicas?: number };
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly build?: object;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** Files beside the others that hold secrets, and so are not in the repository: `deploy/prepare.sh` makes them. */
export const SECRET_FILES = ["mosquitto.passwd", "prometheus-token"] as const;
/** All that it makes. */
export const MADE_FILES = [".env", ...SECRET_FILES] as const;

export const COMPOSE_TEXT = readFileSync(new URL("../../deploy/compose.yaml", import.meta.url), "utf8");

export function readCompose(): ComposeFile {
  return parse(COMPOSE_TEXT, { merge: true });
}

/** The services that run this repository's image: what each does, and how often. */
export function composeRoles(): {
  readonly role: string;
  readonly replicas: number;
  readonly environment: Readonly<Record<string, string>>;
}[] {
  return Object.entries(readCompose().services)
    .filter(([, { image }]) => image === "apium")
    .map(([role, { environment = {}, deploy }]) => ({ role, replicas: deploy?.replicas ?? 1, environment }));
}

/** What its PostgreSQL is started with, beside the defaults. */
export function composeDatabaseSettings(): Record<string, string> {
  const { command = [] } = readCompose().services.postgres ?? {};
  const settings = [command].flat().flatMap((word) => (word.includes("=") ? [word.split("=", 2)] : []));
  return Object.fromEntries(settings);
}
