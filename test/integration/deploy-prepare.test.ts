/**
 * `deploy/prepare.sh` in a copy of the folder: what it makes is what compose.yaml mounts, Mosquitto lets the system in with
 * it, and what somebody has made already stays. Docker is a stand-in: it writes down what it is asked, and does it here.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { connectAsync } from "mqtt";
import { readSettings } from "../../settings.ts";
import { bareEnvironment } from "../support/bare-environment.ts";
import { composeRoles, MADE_FILES, readCompose, SECRET_FILES } from "../support/compose.ts";
import { blocksOf, pages, ROOT } from "../support/documents.ts";
import { describeWith } from "../support/requires.ts";
import { ask } from "../support/servers/ask.ts";
import { findBinary, requireBinary } from "../support/servers/find-binary.ts";
import { type ServerHandle, startServer } from "../support/servers/server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const isRoot = process.getuid?.() === 0;
/** As whom the images of compose.yaml read what they mount. */
const READERS = { "mosquitto.passwd": 1883, "prometheus-token": 65534 } as const;
const NOBODY = 65534;
/** MQTT 3.1.1 CONNECT as nobody: that it is refused is an answer, too. */
const CONNECT = Buffer.from([0x10, 14, 0, 4, ...Buffer.from("MQTT"), 4, 2, 0, 5, 0, 2, ...Buffer.from("me")]);

describeWith("mosquitto", "deploy/prepare.sh", () => {
  const cleanups: (() => unknown)[] = [];
  let folder: string;
  beforeEach(() => {
    const made = temporaryFolder();
    cleanups.push(() => made.remove());
    folder = made.path;
    const isMade = (path: string) => MADE_FILES.some((file) => path.endsWith(`/${file}`));
    cpSync(join(ROOT, "deploy"), join(folder, "deploy"), { recursive: true, filter: (path) => !isMade(path) });
    // A container's user comes in by the mount, whatever is above it.
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "docker"));
    standInForDocker(join(folder, "docker"));
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  }, 400_000);

  const inDeploy = (file: string) => join(folder, "deploy", file);
  const read = (file: string) => readFileSync(inDeploy(file), "utf8");
  const whatIsThere = () => MADE_FILES.map((file) => [file, read(file), statSync(inDeploy(file)).mtimeMs]);

  function shell(script: string, options: { readonly path?: string; readonly uid?: number } = {}) {
    const { path, uid } = options;
    const environment = bareEnvironment();
    // Whoever is not root has a container give the files away: here nobody gets them, but nothing of the machine is asked.
    const usual = isRoot ? environment.PATH : `${join(folder, "docker")}:${environment.PATH}`;
    const { status, stdout, stderr } = spawnSync("/bin/sh", ["-eu", "-c", script], {
      cwd: folder,
      encoding: "utf8",
      env: { ...environment, PATH: path ?? usual ?? "" },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    return { status, stdout, stderr };
  }
  const prepare = (options?: Parameters<typeof shell>[1]) => shell("sh deploy/prepare.sh", options);

  /** A PATH with nothing but what POSIX has, and what is put there. */
  function barePath(): string {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const name of ["sh", "awk", "cat", "chmod", "chown", "dirname", "head", "id", "ls", "mv", "od"])
      link(bin, name);
    for (const name of ["rm", "sed", "tail", "tr"]) link(bin, name);
    return bin;
  }
  const link = (bin: string, name: string) => symlinkSync(requireBinary(name), join(bin, name));

  function environmentMade(): ReadonlyMap<string, string> {
    return new Map([...read(".env").matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]));
  }

  test("the README's way of starting has it make every file that is mounted and not in the repository", () => {
    const page = pages().find(({ path }) => path === "deploy/README.md");
    const start = page === undefined ? undefined : blocksOf(page).find(({ text }) => text.includes("docker compose"));
    const [before = ""] = start?.text.split(/^docker compose/m) ?? [];
    expect(shell(before)).toMatchObject({ status: 0, stderr: "" });
    expect(MADE_FILES).toEqual([".env", ...SECRET_FILES]);
    for (const file of MADE_FILES) {
      const { mode } = statSync(inDeploy(file));
      expect([file, (mode & 0o777_777).toString(8)]).toEqual([file, "100600"]);
    }
  });

  test("what it makes are settings that the processes start with, no secret twice", () => {
    prepare();
    const made = environmentMade();
    const secrets = [...made].filter(([name]) => /PASSWORD|SECRET|TOKENS/.test(name)).map(([, value]) => value);
    expect(secrets.flatMap((value) => value.split(",")).filter((value) => value.length < 40)).toEqual([]);
    expect(new Set(secrets).size).toBe(5);
    for (const { environment } of composeRoles()) {
      const filledIn = Object.entries(environment).map(([name, value]) => [
        name,
        value.replaceAll(/\$\{(\w+)(?::[-?]([^}]*))?\}/g, (_all, asked: string) => made.get(asked) ?? ""),
      ]);
      const { API_TOKENS = [] } = readSettings(Object.fromEntries(filledIn));
      expect(API_TOKENS.map(({ role }) => role)).toEqual(["admin", "viewer"]);
      expect(API_TOKENS[1]?.token).toBe(read("prometheus-token"));
    }
  });

  test("the containers' users can read what is mounted for them, and nobody else can", () => {
    prepare();
    for (const [file, uid] of Object.entries(READERS)) {
      if (!isRoot) continue; // Somebody else cannot become them.
      expect([file, shell(`cat deploy/${file}`, { uid }).stdout]).toEqual([file, read(file)]);
      expect(shell(`cat deploy/${file}`, { uid: uid + 1 }).status).not.toBe(0);
    }
    // As whom the images run is theirs; that the script and compose.yaml mean the same files is ours.
    for (const file of SECRET_FILES) expect(Object.keys(READERS)).toContain(file);
  });

  async function startBroker(): Promise<ServerHandle> {
    mkdirSync(join(folder, "broker"), { mode: 0o777 });
    chmodSync(join(folder, "broker"), 0o777);
    const broker = await startServer(
      {
        name: "mosquitto",
        orderlySignal: "SIGTERM",
        immediateSignal: "SIGKILL",
        url: (port) => `mqtt://127.0.0.1:${port}`,
        async prepare({ port, dir }) {
          const text = read("mosquitto.conf")
            .replace("listener 1883", `listener ${port} 127.0.0.1`)
            .replace("/mosquitto/config/passwd", inDeploy("mosquitto.passwd"))
            .replace("/mosquitto/config/acl", inDeploy("mosquitto.acl"))
            .replace("/mosquitto/data/", `${dir}/`)
            .replace("log_dest stdout", "log_dest stderr");
          writeFileSync(join(folder, "mosquitto.conf"), text);
          const uid = isRoot ? READERS["mosquitto.passwd"] : undefined;
          const whose = uid === undefined ? {} : { uid, gid: uid };
          return { file: requireBinary("mosquitto"), args: ["-c", join(folder, "mosquitto.conf")], ...whose };
        },
        async greet({ port }) {
          await ask(port, CONNECT, (received) => received.length >= 4);
        },
      },
      { dir: join(folder, "broker") },
    );
    cleanups.push(() => broker.stop());
    return broker;
  }

  test("Mosquitto, as its container's user, lets the system in with the password of .env, a device to its own topics, nobody else", async () => {
    prepare();
    // As one adds a device, which leaves the file with whoever did.
    shell("mosquitto_passwd -b deploy/mosquitto.passwd device-7 its-own; chown $(id -u) deploy/mosquitto.passwd");
    expect(prepare().status).toBe(0);
    const { url, port } = await startBroker();
    const says = (who: string) => shell(`mosquitto_pub -h 127.0.0.1 -p ${port} ${who} -t graphql/x -m x`);
    const refused = { status: 5, stderr: expect.stringMatching(/not authori[sz]ed/i) };
    expect(says("-u apium -P a-guess")).toMatchObject(refused);
    expect(says("")).toMatchObject(refused);

    const password = environmentMade().get("MQTT_PASSWORD") ?? "";
    const system = await connectAsync(url, { username: "apium", password });
    cleanups.push(() => system.endAsync(true));
    const heard: string[] = [];
    const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
    system.on("message", (topic) => (topic.endsWith("/status") ? end() : heard.push(topic)));
    await system.subscribeAsync("devices/#", { qos: 1 });
    const device = await connectAsync(url, { username: "device-7", password: "its-own" });
    cleanups.push(() => device.endAsync(true));
    for (const topic of ["device-8/tracking", "device-7/tracking", "device-7/response/x", "device-7/status"]) {
      await device.publishAsync(`devices/${topic}`, "x", { qos: 1 });
    }
    await isOver;
    expect(heard).toEqual(["devices/device-7/tracking"]);
  }, 400_000);

  test("again, it changes nothing; what is missing again is made to fit", () => {
    expect(prepare().stdout).toMatch(/made \.env.*\nmade mosquitto\.passwd.*\nmade prometheus-token/);
    const before = whatIsThere();
    expect(prepare()).toEqual({ status: 0, stdout: "deploy/ has what compose.yaml needs\n", stderr: "" });
    expect(whatIsThere()).toEqual(before);

    rmSync(inDeploy("prometheus-token"));
    expect(prepare().stdout).toMatch(/^made prometheus-token/);
    expect(whatIsThere().map(([, text]) => text)).toEqual(before.map(([, text]) => text));
  });

  test("an .env of one's own is kept and used: its password, its first viewer", () => {
    const own = `API_TOKENS="admin:aaaaaaaaaaaaaaaaaaaa, viewer:bbbbbbbbbbbbbbbbbbbb,viewer:c"\nMQTT_PASSWORD=mine\n`;
    writeFileSync(inDeploy(".env"), own);
    expect(prepare()).toMatchObject({ status: 0 });
    expect([read(".env"), read("prometheus-token")]).toEqual([own, "bbbbbbbbbbbbbbbbbbbb"]);
  });

  test.each([
    [
      "an .env without a viewer",
      ["API_TOKENS=admin:a\nMQTT_PASSWORD=m\n", ".env"],
      /API_TOKENS in \.env has no viewer/,
    ],
    ["an .env without the broker's password", ["MQTT_PASSWORD=\n", ".env"], /MQTT_PASSWORD in \.env is empty/],
    ["secrets without .env", ["apium:hash\n", "mosquitto.passwd"], /bring \.env back, or remove mosquitto\.passwd/],
  ] as const)("with %s it says so, and leaves it", (_name, [text, file], said) => {
    writeFileSync(inDeploy(file), text);
    const { status, stderr } = prepare();
    expect([status, read(file)]).toEqual([1, text]);
    expect(stderr).toMatch(said);
  });

  test("a folder that Docker has made in place of a file is told of", () => {
    mkdirSync(inDeploy("mosquitto.passwd"));
    expect(prepare()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/is a folder.*rmdir deploy\/mosquitto/),
    });
  });

  describe("without mosquitto_passwd", () => {
    test("it says what to install, and goes on from there when it is called again", () => {
      const path = barePath();
      expect(prepare({ path })).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/mosquitto_passwd is needed/),
      });
      const env = read(".env");
      link(path, "mosquitto_passwd");
      if (!isRoot) return; // Who may not give a file away needs Docker.
      expect(prepare({ path }).status).toBe(0);
      expect(read(".env")).toBe(env);
    });

    test("it has the image of compose.yaml do it", () => {
      const path = barePath();
      standInForDocker(path);
      expect(prepare({ path })).toMatchObject({ status: 0, stderr: "" });
      expect(read("mosquitto.passwd")).toMatch(/^apium:\$7\$/);
      const image = readCompose().services.mosquitto?.image;
      const [first] = readFileSync(join(folder, "asked"), "utf8").split("\n");
      const volume = `-v ${join(folder, "deploy")}:/deploy`;
      expect(first).toBe(`run --rm --user 0:0 ${volume} ${image} mosquitto_passwd -U /deploy/mosquitto.passwd.part`);
    });
  });

  (isRoot ? test : test.skip)("who is not root and has no Docker is told what is left to do", () => {
    spawnSync("chown", ["-R", `${NOBODY - 1}:${NOBODY - 1}`, folder]);
    const { status, stderr } = prepare({ uid: NOBODY - 1, path: pathWithoutDocker() });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/chown 1883:1883 deploy\/mosquitto\.passwd as root/)]);
    expect(prepare().status).toBe(0);
    expect(statSync(inDeploy(".env")).uid).toBe(NOBODY - 1);
  });

  function pathWithoutDocker(): string {
    const path = barePath();
    link(path, "mosquitto_passwd");
    return path;
  }

  /** `docker run … -v <folder>:/deploy <image> <command>`, here: the command with the folder's own name. */
  function standInForDocker(bin: string): void {
    const script = `#!/bin/sh
printf '%s\\n' "$*" >> ${join(folder, "asked")}
shift 7
command=$(printf '%s ' "$@" | sed 's|/deploy/|${join(folder, "deploy")}/|g')
PATH=${join(findBinary("mosquitto_passwd") ?? "", "..")}:/bin:/usr/bin
# Root has given the files away by itself; others may not.
case $1 in sh) : ;; *) exec $command ;; esac
`;
    writeFileSync(join(bin, "docker"), script, { mode: 0o755 });
  }
});
