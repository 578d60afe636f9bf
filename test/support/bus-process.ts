/**
 * A process on the bus, to be killed or told to stop. From the environment: BUS_NATS_URL. Says "ready", and of each call
 * "asked". SIGUSR2 has it answer what it has, and from then on each call at once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Context, ServiceBroker } from "moleculer";
import { brokerOptions } from "../../moleculer.config.ts";

const { BUS_NATS_URL = "" } = process.env;
const released = Promise.withResolvers<void>();
process.once("SIGUSR2", () => released.resolve());
const broker = new ServiceBroker({ ...brokerOptions({ NATS_URL: BUS_NATS_URL, LOG_LEVEL: "fatal" }), logger: false });
broker.createService({
  name: "shop",
  actions: {
    async ask(ctx: Context<{ ms: number }>) {
      process.stdout.write("asked\n");
      await Promise.race([sleep(ctx.params.ms), released.promise]);
      return process.pid;
    },
  },
});
process.once("SIGTERM", () => void broker.stop().then(() => process.exit(0)));
await broker.start();
process.stdout.write("ready\n");
