/** Which servers are missing, and getting them where that can be done without asking anybody: root on a Debian. */
import { tmpdir } from "node:os";
import path from "node:path";
import { withLock } from "../../../scripts/lock-folder.mjs";
import { aptInstall, canUseApt } from "./apt.ts";
import { findBinary } from "./find-binary.ts";
import type { ServerName } from "./server.ts";

/** Besides servers: what reads PDFs back, a browser, what checks Prometheus' files, what makes certificates. */
export type ProgramName = ServerName | "poppler" | "chromium" | "promtool" | "openssl";

const LOCK_FOLDER = path.join(tmpdir(), "apium-apt-lock");
const LOCK_WAIT_MS = 900_000;

interface Program {
  readonly binary: string;
  /** Debian's names. */
  readonly packages: readonly string[];
  /** Homebrew's name. */
  readonly formula: string;
}

const PROGRAMS: Readonly<Record<ProgramName, Program>> = {
  nats: { binary: "nats-server", packages: ["nats-server"], formula: "nats-server" },
  postgres: { binary: "initdb", packages: ["postgresql"], formula: "postgresql@17" },
  redis: { binary: "redis-server", packages: ["redis-server"], formula: "redis" },
  mosquitto: { binary: "mosquitto", packages: ["mosquitto", "mosquitto-clients"], formula: "mosquitto" },
  chromium: { binary: "chromium", packages: ["chromium"], formula: "--cask chromium" },
  nginx: { binary: "nginx", packages: ["nginx"], formula: "nginx" },
  promtool: { binary: "promtool", packages: ["prometheus"], formula: "prometheus" },
  openssl: { binary: "openssl", packages: ["openssl"], formula: "openssl" },
  poppler: { binary: "pdftotext", packages: ["poppler-utils"], formula: "poppler" },
};

/** The servers whose program is not found, by the name of their handle. */
export async function missingServers(): Promise<ProgramName[]> {
  return serverNames().filter((name) => !isInstalled(name));
}

export function isInstalled(name: ProgramName): boolean {
  return findBinary(PROGRAMS[name].binary) !== undefined;
}

export interface Installation {
  readonly installed: ProgramName[];
  readonly missing: ProgramName[];
}

/** Never throws for a failed installation: what could not be had is `missing`, and `log` was told why. */
export async function installServers(log: (line: string) => void): Promise<Installation> {
  const before = await missingServers();
  if (before.length === 0) return { installed: [], missing: [] };
  if (await canUseApt()) {
    try {
      const onWait = () => log("another run is installing servers; waiting for it");
      await withLock({ folder: LOCK_FOLDER, timeoutMs: LOCK_WAIT_MS, onWait }, () => installWithApt(log));
    } catch (error) {
      log(`apt failed: ${error instanceof Error ? error.message : error}`);
    }
  }
  const missing = await missingServers();
  if (missing.length > 0) log(`missing: ${missing.join(", ")}. ${howToInstall(missing)}`);
  return { installed: before.filter((name) => !missing.includes(name)), missing };
}

async function installWithApt(log: (line: string) => void): Promise<void> {
  const packages = (await missingServers()).flatMap((name) => PROGRAMS[name].packages);
  if (packages.length === 0) return; // Another run was faster.
  log(`installing ${packages.join(" ")} with apt (their daemons are not started)`);
  await aptInstall(packages, log);
}

/** One sentence with the command to type. */
export function howToInstall(missing: readonly ProgramName[]): string {
  const isMac = process.platform === "darwin";
  const packages = missing.flatMap((name) => (isMac ? [PROGRAMS[name].formula] : PROGRAMS[name].packages));
  return `Install with: ${isMac ? "brew install" : "sudo apt-get install"} ${packages.join(" ")}`;
}

function serverNames(): ProgramName[] {
  return Object.keys(PROGRAMS) as ProgramName[];
}
