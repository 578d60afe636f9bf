// Whether this process has its connection to the MQTT broker.
import type { Finding } from "../../runtime/index.ts";
import type { MqttConnection } from "./connection.ts";

/** `connection`: undefined where there is no broker to go to. */
export function checkBroker(connection: Pick<MqttConnection, "state" | "failure"> | undefined): Finding[] {
  if (connection === undefined || connection.state === "connected") return [];
  return [
    {
      severity: "error",
      code: "MQTT_AWAY",
      subject: "MQTT",
      message: `the MQTT broker is not connected: ${connection.failure ?? "it has not answered yet"}; devices are not heard, and changes wait in the database`,
      suggestion:
        "bring the broker back, or correct MQTT_URL: the feed goes on in order; `apium mqtt` shows what waits",
    },
  ];
}
