// The doctor: what is wrong with the system, or will be, put together from what each service and each process knows of its
// own. It answers within seconds whatever is broken; who does not answer it is one of the things it finds.
import type { Service } from "moleculer";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { examine } from "./examine.ts";

export function doctorService({ runtime }: Pick<ServiceParts, "runtime">): TaskServiceSchema {
  return {
    name: "doctor",
    actions: {
      /** Everything that is wrong, or will be, with what to do about it; errors first. */
      async check(this: Service) {
        const findings = await examine(this.broker, runtime);
        return { isHealthy: findings.every(({ severity }) => severity !== "error"), findings };
      },
    },
  };
}
