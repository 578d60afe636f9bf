/**
 * Installs Debian packages without letting them start or enable their daemons: the machine's own services must be
 * the same afterwards. What is put in place for that is taken away again, and does nothing once this process is gone.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findBinary } from "./find-binary.ts";

const LOCK_WAIT_SECONDS = 120;
const COMMAND_MS = 600_000;
const OUTPUT_TAIL_LINES = 15;
const POLICY = "/usr/sbin/policy-rc.d";
const POLICY_BEFORE = "/usr/sbin/policy-rc.d.before-apium";
const POLICY_MARK = "# Written by the tests of apium";
const NO_CLUSTER = "/etc/postgresql-common/createcluster.d/apium-tests.conf";
const FORBIDDEN = 101;
const IS_LOCKED = /could not get lock|unable to lock/i;

export async function canUseApt(): Promise<boolean> {
  return process.platform === "linux" && process.getuid?.() === 0 && findBinary("apt-get") !== undefined;
}

/** @throws with the end of apt's output when the packages could not be installed. */
export async function aptInstall(packages: readonly string[], log: (line: string) => void): Promise<void> {
  const newServices = packages.filter((name) => !isServiceKnown(name));
  const timeouts = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30", "-o", "Acquire::https::Timeout=30"];
  await whileLocked(() => aptGet(["update", ...timeouts])).catch((error: unknown) => {
    // One unreachable source does not matter as long as another has the packages.
    log(`apt-get update: ${(error as Error).message.split("\n").at(-1)}`);
  });
  await withoutStartingDaemons(async () => {
    const keepConfiguration = ["-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold"];
    const options = ["-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", ...timeouts, ...keepConfiguration];
    await whileLocked(() => aptGet(["install", ...options, ...packages]));
  });
  for (const service of newServices.filter(isServiceKnown)) disableAtBoot(service);
}

async function withoutStartingDaemons(task: () => Promise<void>): Promise<void> {
  restorePolicy(); // A killed run may have left its own.
  const hasOwnPolicy = !doesPolicyForbid();
  if (hasOwnPolicy) {
    if (existsSync(POLICY)) renameSync(POLICY, POLICY_BEFORE);
    const script = `#!/bin/sh\n${POLICY_MARK}\n[ -d /proc/${process.pid} ] && exit ${FORBIDDEN}\nexit 0\n`;
    writeFileSync(POLICY, script, { mode: 0o755 });
  }
  mkdirSync(path.dirname(NO_CLUSTER), { recursive: true });
  writeFileSync(NO_CLUSTER, "create_main_cluster = false\n");
  try {
    await task();
  } finally {
    rmSync(NO_CLUSTER, { force: true });
    if (hasOwnPolicy) restorePolicy();
  }
}

function restorePolicy(): void {
  if (!existsSync(POLICY) || !readFileSync(POLICY, "utf8").includes(POLICY_MARK)) return;
  if (existsSync(POLICY_BEFORE)) renameSync(POLICY_BEFORE, POLICY);
  else rmSync(POLICY);
}

/** Container images usually forbid it already; then there is nothing to change. */
function doesPolicyForbid(): boolean {
  return existsSync(POLICY) && spawnSync(POLICY, ["apium-tests", "start"], { stdio: "ignore" }).status === FORBIDDEN;
}

function isServiceKnown(name: string): boolean {
  return [`/etc/init.d/${name}`, `/lib/systemd/system/${name}.service`].some((file) => existsSync(file));
}

function disableAtBoot(service: string): void {
  spawnSync("update-rc.d", [service, "disable"], { stdio: "ignore" });
  spawnSync("systemctl", ["disable", `${service}.service`], { stdio: "ignore" });
}

/** apt waits for dpkg's lock by itself, but not for that of its package lists. */
async function whileLocked(command: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + LOCK_WAIT_SECONDS * 1000;
  for (;;) {
    try {
      return await command();
    } catch (error) {
      if (Date.now() > deadline || !IS_LOCKED.test(String(error))) throw error;
      await sleep(1_000);
    }
  }
}

function aptGet(args: readonly string[]): Promise<void> {
  const command = ["-q", "-o", `DPkg::Lock::Timeout=${LOCK_WAIT_SECONDS}`, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn("apt-get", command, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
      timeout: COMMAND_MS,
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) return resolve();
      const tail = output.trimEnd().split("\n").slice(-OUTPUT_TAIL_LINES).join("\n");
      reject(new Error(`apt-get ${args[0]} ended with ${signal ?? code}:\n${tail}`));
    });
  });
}
