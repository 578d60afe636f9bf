// A service as the composition sees it: what to create, where, and what of it everybody knows.
import type { AnyTask, BusEvent } from "../runtime/index.ts";
import type { TaskServiceSchema } from "../runtime/moleculer/index.ts";
import type { ServiceName } from "../settings.ts";
import type { Importer, ImportParts } from "./importer.ts";
import type { Receiver, ReceiverParts } from "./receiver.ts";
import type { ServiceParts } from "./service-parts.ts";

/** A service folder's door: what `start.ts` needs to know of it. */
export interface ServiceModule {
  readonly name: ServiceName;
  readonly create: (parts: ServiceParts) => TaskServiceSchema;
  /** Also runs where one of these does: a site is asked for wherever there are tickets. */
  readonly alongside?: readonly ServiceName[];
  /** Contracts others may enqueue; known to every process, whether it runs the service or not. */
  readonly tasks: readonly AnyTask[];
  /** What it tells over the bus. */
  readonly events?: readonly BusEvent[];
  /** How it takes in rows of table files. */
  readonly importers?: (parts: ImportParts) => readonly Importer[];
  /** How it takes in what phones have recorded. */
  readonly receivers?: (parts: ReceiverParts) => readonly Receiver[];
}
