// What MQTT_URL says: `mqtts://user:password@host:8883?ca=/etc/ca.pem&cert=…&key=…`. Read anew for each connection, so that
// a renewed certificate needs no restart. Nothing of it is ever logged.
import { readFileSync } from "node:fs";
import type { IClientOptions } from "mqtt";
import { ApiumError, messageOf } from "../../runtime/index.ts";

const PORTS = { mqtt: 1_883, mqtts: 8_883 } as const;
const FILES = ["ca", "cert", "key"] as const;

/** @throws ApiumError `SETTINGS_INVALID` for a URL that is none, or a file in it that cannot be read. */
export function brokerOptions(text: string): IClientOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = url?.protocol === "mqtt:" ? "mqtt" : url?.protocol === "mqtts:" ? "mqtts" : undefined;
  if (url === undefined || protocol === undefined) {
    throw new ApiumError("SETTINGS_INVALID", "MQTT_URL must be mqtt://host:port or mqtts://host:port");
  }
  return {
    protocol,
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? PORTS[protocol] : Number(url.port),
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
    ...(protocol === "mqtts" ? certificates(url.searchParams) : {}),
  };
}

function certificates(parameters: URLSearchParams): IClientOptions {
  const files = FILES.flatMap((name) => {
    const path = parameters.get(name);
    return path === null ? [] : [[name, contentOf(name, path)] as const];
  });
  return Object.fromEntries(files);
}

function contentOf(name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ApiumError("SETTINGS_INVALID", `the ${name} file of MQTT_URL cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}
