/** A private redis-server that keeps nothing on disk: a cache, empty after every restart. */
import { ask } from "./ask.ts";
import { requireBinary } from "./find-binary.ts";
import { type ServerHandle, type ServerOptions, type ServerProgram, startServer } from "./server.ts";

export interface RedisOptions extends ServerOptions {
  /** Appended to the command line; an argument given here wins. */
  readonly args?: readonly string[];
}

export function startRedis(options: RedisOptions = {}): Promise<ServerHandle> {
  return startServer(redisProgram(options.args ?? []), options);
}

function redisProgram(args: readonly string[]): ServerProgram {
  return {
    name: "redis",
    orderlySignal: "SIGTERM",
    immediateSignal: "SIGKILL",
    url: (port) => `redis://127.0.0.1:${port}`,
    async prepare({ port, dir }) {
      const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--daemonize", "no"];
      const inMemoryOnly = ["--save", "", "--appendonly", "no"];
      return { file: requireBinary("redis-server"), args: [...settings, ...inMemoryOnly, ...args] };
    },
    async greet(place, pid) {
      const info = await ask(place.port, "INFO server\r\n", (received) =>
        /process_id:\d+\r\n|^-/.test(received.toString()),
      );
      const text = info.toString();
      if (text.startsWith("-") && !text.startsWith("-NOAUTH")) throw new Error(text);
      if (text.startsWith("$") && !text.includes(`process_id:${pid}\r\n`))
        throw new Error("another redis-server owns this port");
    },
  };
}
