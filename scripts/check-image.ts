/**
 * Does by hand what a build of deploy/Dockerfile does, where there is no Docker: its steps in an empty folder, with what its
 * .dockerignore lets in, then its command as its user, its health check, and its stop. Prints sizes; ends with 1 when
 * something is not as it should be. Needs the package registry. `node scripts/check-image.ts`
 */
import { execFileSync, spawn } from "node:child_process";
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Of the user `node` in the image it is built from. */
const USER_ID = 1_000;
const READY_MS = 300_000;
/** Developers' packages, and folders that no container needs. */
const UNWANTED = [
  "node_modules/jest",
  "node_modules/typescript",
  "node_modules/@biomejs",
  "test",
  "bench",
  "docs",
  ".git",
];

interface Image {
  /** Stands for `/`. */
  readonly root: string;
  workDir: string;
  env: Record<string, string>;
  user: string | undefined;
  command: readonly string[];
  health: readonly string[];
}

const isRoot = process.getuid?.() === 0;
const folder = mkdtempSync(join(tmpdir(), "apium-image-"));
try {
  await check(build());
  console.log("the image is as it should be");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function build(): Image {
  const stages = new Map<string, Image>();
  const make = (root: string): Image => ({ root, workDir: "/", env: {}, user: undefined, command: [], health: [] });
  let image = make(join(folder, "none"));
  for (const line of readFileSync(join(ROOT, "deploy/Dockerfile"), "utf8").split("\n")) {
    const [, instruction, rest = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (instruction === undefined) continue;
    switch (instruction) {
      case "FROM": {
        const name = / AS (\w+)$/.exec(rest)?.[1] ?? "final";
        image = make(join(folder, name));
        stages.set(name, image);
        mkdirSync(image.root, { recursive: true });
        break;
      }
      case "WORKDIR":
        image.workDir = rest;
        mkdirSync(join(image.root, rest), { recursive: true });
        break;
      case "ENV":
        for (const pair of rest.split(" ")) image.env[pair.split("=")[0] ?? ""] = pair.split("=")[1] ?? "";
        break;
      case "COPY":
        copy(rest.split(" "), image, stages);
        break;
      case "RUN":
        runStep(rest, image);
        break;
      case "USER":
        image.user = rest;
        break;
      case "HEALTHCHECK":
        image.health = JSON.parse(/CMD (\[.*\])/.exec(rest)?.[1] ?? "[]");
        break;
      case "CMD":
        image.command = JSON.parse(rest);
        break;
      default:
        if (!["VOLUME", "EXPOSE", "STOPSIGNAL"].includes(instruction)) throw new Error(`cannot do by hand: ${line}`);
    }
  }
  return image;
}

function copy(words: readonly string[], image: Image, stages: ReadonlyMap<string, Image>): void {
  const stage = /^--from=(\w+)$/.exec(words[0] ?? "")?.[1];
  const sources = words.slice(stage === undefined ? 0 : 1, -1);
  const target = join(image.root, image.workDir, words.at(-1) ?? "");
  const allowed = readFileSync(join(ROOT, "deploy/Dockerfile.dockerignore"), "utf8").split("\n");
  for (const source of sources) {
    if (stage === undefined && !allowed.includes(`!${source}`))
      throw new Error(`.dockerignore does not let in ${source}`);
    const from = stage === undefined ? join(ROOT, source) : join(stages.get(stage)?.root ?? "", source);
    const isInto = sources.length > 1 || target.endsWith("/");
    cpSync(from, isInto ? join(target, source) : target, { recursive: true });
  }
}

/** In place of a container's root its folder, in place of its user that user's number. */
function runStep(step: string, image: Image): void {
  const text = step
    .replaceAll(/(?<=\s)\/data\b/g, join(image.root, "data"))
    .replace("node:node", `${USER_ID}:${USER_ID}`);
  const began = performance.now();
  execFileSync("/bin/sh", ["-c", isRoot ? text : text.replace(/ && chown .*/, "")], {
    cwd: join(image.root, image.workDir),
    env: { ...process.env, npm_config_loglevel: "error" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  console.log(`${step.split(" ").slice(0, 2).join(" ")}: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
}

async function check(image: Image): Promise<void> {
  const app = join(image.root, image.workDir);
  for (const unwanted of UNWANTED) if (existsSync(join(app, unwanted))) throw new Error(`${unwanted} is in the image`);
  console.log(`packages ${megabytes(join(app, "node_modules"))} MB, all ${megabytes(app)} MB`);
  if (image.user === undefined || image.user === "root") throw new Error("it would run as root");

  const inImage = (path: string) => path.replace(/^\/(data|tmp)/, (_all, top) => join(image.root, top));
  mkdirSync(join(image.root, "tmp"), { recursive: true });
  if (isRoot) for (const path of [image.root, join(image.root, "tmp")]) chownSync(path, USER_ID, USER_ID);
  execFileSync("chmod", ["a+rx", folder]);
  const env = {
    ...Object.fromEntries(Object.entries(image.env).map(([name, value]) => [name, inImage(value)])),
    ...{ PATH: process.env.PATH ?? "", HOST: "127.0.0.1", PORT: "3917" },
  };
  const as = isRoot ? { uid: USER_ID, gid: USER_ID } : {};
  const words = (command: readonly string[]) => [process.execPath, ...command.slice(1)] as const;
  const healthOf = () => {
    const [file, ...args] = words(image.health);
    try {
      execFileSync(file, args, { cwd: app, env, ...as, stdio: "pipe" });
      return true;
    } catch {
      return false;
    }
  };
  if (healthOf()) throw new Error("its health check says well before it runs");
  const [file, ...args] = words(image.command);
  const child = spawn(file, args, { cwd: app, env, ...as, stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  try {
    const began = performance.now();
    while (!said.includes("ready after")) {
      if (child.exitCode !== null || performance.now() - began > READY_MS)
        throw new Error(`it does not start:\n${said}`);
      await sleep(100);
    }
    const owner = execFileSync("ps", ["-o", "uid=", "-p", String(child.pid)], { encoding: "utf8" }).trim();
    console.log(
      `${/ready after .*/.exec(said)?.[0]}, as user ${owner}, ${megabytes(join(image.root, "data"))} MB of data`,
    );
    if (isRoot && owner !== String(USER_ID)) throw new Error(`it runs as ${owner}`);
    if (!healthOf()) throw new Error("its health check says it is not well");
    child.kill("SIGTERM");
    if ((await exited) !== 0) throw new Error("it does not stop in order");
    if (healthOf()) throw new Error("its health check says well after it has stopped");
  } finally {
    child.kill("SIGKILL");
  }
}

function megabytes(path: string): number {
  return Number(execFileSync("du", ["-sm", path], { encoding: "utf8" }).split("\t")[0]);
}
