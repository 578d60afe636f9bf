/**
 * Brings node_modules up to date before `npm start` and `npm test`, so that a fresh clone needs no step by hand.
 * Plain JavaScript with nothing but Node's own modules: it runs on Node 20 and before anything is installed.
 * When everything is there already it takes some milliseconds and says nothing.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./lock-folder.mjs";

const REQUIRED_NODE = 24;
const LOCK_WAIT_MS = 900_000;
const OUTPUT_LINES = 15;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const modules = path.join(root, "node_modules");
const lockfile = path.join(root, "package-lock.json");
const stampFile = path.join(modules, ".apium-installed");
const nodeFromNpm = path.join(modules, ".bin", process.platform === "win32" ? "node.cmd" : "node");

const INSTALL_OPTIONS = [
  "--ignore-scripts",
  "--include=dev",
  "--include=optional",
  "--no-audit",
  "--no-fund",
  "--loglevel=error",
  "--prefer-offline",
  "--fetch-retries=2",
  "--fetch-retry-mintimeout=1000",
  "--fetch-timeout=60000",
];
const IS_NETWORK_FAILURE =
  /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|network/i;
const IS_LOCKFILE_INCOMPLETE = /EUSAGE.*Missing: /s;

/** What npm's output says about why it failed, and what then helps. */
const FAILURES = [
  [/ENOSPC/, "The disk is full. Free some space and run the command again."],
  [
    IS_NETWORK_FAILURE,
    "The package registry cannot be reached. Check the connection (or npm's proxy and registry settings) and run the command again.",
  ],
  [/EACCES|EPERM|EROFS/, "npm may not write here. Check who owns this folder and its node_modules."],
  [
    /EUSAGE|in sync/,
    "package.json and package-lock.json do not fit together. Run `npm install` and keep the new lockfile.",
  ],
  [/EINTEGRITY/, "A download was damaged. Run `npm cache verify` and then the command again."],
];

if (!isUpToDate()) {
  try {
    const onWait = () => say("another run is installing the packages; waiting for it");
    const lock = { folder: path.join(root, ".cache", "installing"), timeoutMs: LOCK_WAIT_MS, onWait };
    await withLock(lock, async () => {
      if (!isUpToDate()) await install();
    });
  } catch (error) {
    fail(error.message);
  }
}
if (!hasRequiredNode()) {
  fail(
    `Node ${REQUIRED_NODE} is needed and did not come with the packages: npm omitted or failed to download the optional ` +
      `ones, or there is none for ${process.platform}-${process.arch}. Remove node_modules and run the command again; ` +
      `if that does not help, install Node ${REQUIRED_NODE} from https://nodejs.org.`,
  );
}

function isUpToDate() {
  if (!existsSync(modules)) return false;
  const fingerprint = wantedFingerprint();
  try {
    if (readFileSync(stampFile, "utf8") === fingerprint) return true;
  } catch {
    // Not installed by this script.
  }
  return isInstalledByHand();
}

/** `npm install` and `npm ci` leave a list of what they put in place; it is written last, so it is never half true. */
function isInstalledByHand() {
  try {
    const wanted = JSON.parse(readFileSync(lockfile, "utf8")).packages;
    const present = JSON.parse(readFileSync(path.join(modules, ".package-lock.json"), "utf8")).packages;
    const canDoWithoutDev = process.env.npm_lifecycle_event === "prestart";
    return Object.entries(wanted).every(([place, { version, optional, dev }]) => {
      if (place === "" || (dev && canDoWithoutDev)) return true;
      return present[place] === undefined ? optional === true : present[place].version === version;
    });
  } catch {
    return false;
  }
}

function wantedFingerprint() {
  const source = existsSync(lockfile) ? lockfile : path.join(root, "package.json");
  const hash = createHash("sha256").update(readFileSync(source)).digest("hex");
  return `${hash} ${process.platform}-${process.arch}\n`;
}

async function install() {
  const startedAt = Date.now();
  say("installing the packages with npm; the first time this takes from seconds to a minute");
  const options = (await isRegistryReachable()) ? INSTALL_OPTIONS : [...INSTALL_OPTIONS, "--offline"];
  let result = await npm([existsSync(lockfile) ? "ci" : "install", ...options]);
  // A lockfile written behind a partial registry mirror lacks packages for other platforms. `npm ci` refuses it
  // although everything needed here is in it; `npm install` takes the same versions from it.
  if (result.code !== 0 && IS_LOCKFILE_INCOMPLETE.test(result.output)) {
    result = await npm(["install", "--no-save", ...options]);
  }
  if (result.code !== 0) {
    const advice = FAILURES.find(([pattern]) => pattern.test(result.output))?.[1] ?? "Then run the command again.";
    throw new Error(`npm failed:\n${excerpt(result.output)}\n\n${advice}`);
  }
  writeFileSync(stampFile, wantedFingerprint());
  say(`installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

/** Asked first, because without a connection npm retries each of some hundred packages before it gives up. */
async function isRegistryReachable() {
  const { code, output } = await npm([
    "ping",
    "--loglevel=error",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=500",
    "--fetch-timeout=10000",
  ]);
  return code === 0 || !IS_NETWORK_FAILURE.test(output);
}

function npm(args) {
  return new Promise((resolve, reject) => {
    const isWindows = process.platform === "win32";
    const child = spawn(isWindows ? "npm.cmd" : "npm", args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      shell: isWindows,
      env: { ...process.env, PATH: pathWithoutThisProject(), npm_config_yes: "true" },
    });
    let output = "";
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", (error) => {
      const isMissing = error.code === "ENOENT";
      reject(
        isMissing ? new Error("npm was not found on PATH. Install Node.js with npm from https://nodejs.org.") : error,
      );
    });
    child.once("close", (code, signal) => resolve({ code: signal ?? code, output }));
  });
}

/** npm must not run on the very Node that it is about to replace. */
function pathWithoutThisProject() {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return folders.filter((folder) => !path.resolve(folder).startsWith(modules)).join(path.delimiter);
}

/** The scripts of package.json find the Node from npm first; without it, the one that runs this file is used. */
function hasRequiredNode() {
  if (majorOf(process.versions.node) >= REQUIRED_NODE) return true;
  if (!existsSync(nodeFromNpm)) return false;
  const { stdout } = spawnSync(nodeFromNpm, ["--version"], { encoding: "utf8", shell: process.platform === "win32" });
  return majorOf((stdout ?? "").trim().replace("v", "")) >= REQUIRED_NODE;
}

function majorOf(version) {
  return Number(version.split(".")[0]);
}

/** npm puts the cause first and its manual last. */
function excerpt(output) {
  const lines = output.trimEnd().split("\n");
  return lines.length <= OUTPUT_LINES ? lines.join("\n") : [...lines.slice(0, OUTPUT_LINES), "…"].join("\n");
}

function say(line) {
  console.error(`apium: ${line}`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
