/** A private MQTT broker: anonymous, on loopback only, nothing kept on disk unless the configuration asks for it. */
import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { ask } from "./ask.ts";
import { requireBinary } from "./find-binary.ts";
import { type ServerHandle, type ServerOptions, type ServerProgram, startServer } from "./server.ts";

/** MQTT 3.1.1 CONNECT, clean session, client id "ready". */
const CONNECT = Buffer.from([0x10, 17, 0, 4, ...Buffer.from("MQTT"), 4, 2, 0, 5, 0, 5, ...Buffer.from("ready")]);
const CONNACK = 0x20;

export interface MosquittoOptions extends ServerOptions {
  /** Appended to the configuration file. */
  readonly config?: string;
}

export function startMosquitto(options: MosquittoOptions = {}): Promise<ServerHandle> {
  return startServer(mosquittoProgram(options.config ?? ""), options);
}

function mosquittoProgram(config: string): ServerProgram {
  return {
    name: "mosquitto",
    orderlySignal: "SIGTERM",
    immediateSignal: "SIGKILL",
    url: (port) => `mqtt://127.0.0.1:${port}`,
    async prepare({ port, dir }) {
      const file = path.join(dir, "mosquitto.conf");
      const lines = [
        `user ${userInfo().username}`, // Started as root it would change to a user who cannot enter this folder.
        `listener ${port} 127.0.0.1`,
        "allow_anonymous true",
        `persistence_location ${dir}/`,
        "log_dest stderr",
      ];
      writeFileSync(file, `${lines.join("\n")}\n${config}\n`);
      return { file: requireBinary("mosquitto"), args: ["-c", file] };
    },
    async greet(place) {
      const answer = await ask(place.port, CONNECT, (received) => received.length >= 4);
      if (answer[0] !== CONNACK) throw new Error("no CONNACK");
    },
  };
}
