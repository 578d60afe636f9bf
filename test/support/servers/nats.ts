/** A private nats-server with JetStream, its store in the server's folder. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { ask } from "./ask.ts";
import { requireBinary } from "./find-binary.ts";
import { type Place, type ServerHandle, type ServerOptions, type ServerProgram, startServer } from "./server.ts";

export interface NatsOptions extends ServerOptions {
  /** Appended to the configuration file; a key given here wins. */
  readonly config?: string;
}

export function startNats(options: NatsOptions = {}): Promise<ServerHandle> {
  return startServer(natsProgram(options.config ?? ""), options);
}

function natsProgram(config: string): ServerProgram {
  return {
    name: "nats",
    orderlySignal: "SIGTERM",
    immediateSignal: "SIGKILL",
    url: (port) => `nats://127.0.0.1:${port}`,
    async prepare(place) {
      const file = path.join(place.dir, "nats.conf");
      writeFileSync(file, `${baseConfig(place)}\n${config}\n`);
      return { file: requireBinary("nats-server"), args: ["-c", file] };
    },
    async greet(place) {
      const answer = await ask(place.port, 'CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n', (received) =>
        /"tls_required":true|\r\n(PONG|-ERR)/.test(received.toString("latin1")),
      );
      if (!answer.includes(`"server_name":"${place.label}"`)) throw new Error("another nats-server owns this port");
    },
  };
}

function baseConfig({ port, dir, label }: Place): string {
  return [
    `server_name: ${JSON.stringify(label)}`,
    `listen: "127.0.0.1:${port}"`,
    `jetstream: { store_dir: ${JSON.stringify(path.join(dir, "jetstream"))} }`,
  ].join("\n");
}
