// The doctor: what is wrong with the system, or will be, put together from what each service and each process knows of its
// own. It answers within seconds whatever is broken; who does not answer it is one of the things it finds.
import type { Service } from "moleculer";
import type { Finding } from "../../runtime/index.ts";
import type { TaskServiceSchema } from "../../runtime/moleculer/index.ts";
import type { ServiceParts } from "../service-parts.ts";
import { examine } from "./examine.ts";
import { shareRounds } from "./shared-round.ts";

export function doctorService({ runtime }: Pick<ServiceParts, "runtime">): TaskServiceSchema {
  let round: () => Promise<Finding[]>;
  return {
    name: "doctor",
    actions: {
      /** Everything that is wrong, or will be, with what to do about it; errors first. It may be a few seconds old. */
      async check() {
        const findings = await round();
        return { isHealthy: findings.every(({ severity }) => severity !== "error"), findings };
      },
    },
    created(this: Service) {
      round = shareRounds(runtime.parts.clock, () => examine(this.broker, runtime));
    },
  };
}
