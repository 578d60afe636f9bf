/** A way to a server that can fall silent, as a network does that loses its packets, or be cut off. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface BreakableProxy {
  readonly url: string;
  /** What the server has sent through it, as text, since it was last asked. */
  heard(): string;
  /** What clients have asked, likewise. */
  asked(): string;
  /** Connections whose last request was for `path` carry nothing any more, and nobody is told; others do. */
  silence(path: string): void;
  /** Connections end, and new ones are refused, until it is mended. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openBreakableProxy(serverUrl: string): Promise<BreakableProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  /** By what was asked last on them. */
  const lastAsked = new Map<Socket, string>();
  let [heard, asked] = ["", ""];
  let isCut = false;

  const server = createServer((client) => {
    if (isCut) return void client.resetAndDestroy();
    const upstream = connect(Number(target.port), target.hostname);
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", end).on("close", () => {
        sockets.delete(socket);
        lastAsked.delete(socket);
        end();
      });
    }
    client.on("data", (data) => {
      const text = data.toString("latin1");
      asked += text;
      for (const socket of [client, upstream]) lastAsked.set(socket, text);
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      heard += data.toString("latin1");
      client.write(data);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard() {
      const text = heard;
      heard = "";
      return text;
    },
    asked() {
      const text = asked;
      asked = "";
      return text;
    },
    silence(path) {
      for (const [socket, text] of lastAsked) if (text.startsWith(`GET ${path}`)) socket.pause();
    },
    cut,
    mend() {
      isCut = false;
    },
    async close() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
