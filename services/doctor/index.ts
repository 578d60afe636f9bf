import type { ServiceModule } from "../service-module.ts";
import { doctorService } from "./doctor.service.ts";

/** Wherever there is a gateway to ask it through: when processes cannot hear each other, each has its own to ask. */
export const doctorModule: ServiceModule = {
  name: "doctor",
  alongside: ["gateway"],
  create: doctorService,
  tasks: [],
};
