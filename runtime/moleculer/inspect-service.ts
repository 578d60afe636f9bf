// The families `tasks.inspect`, `tasks.control` and `tasks.explain` put together for the service `tasks`, and what each
// process answers for its own worker.
import type { Finding } from "../contract/finding.ts";
import { checkProcess, Disk, LocalWorker, processFacts } from "../control/index.ts";
import type { Runtime } from "../runtime.ts";
import { controlOperations, STEERING_EVENT } from "./control-operations.ts";
import { explainActions } from "./explain-operations.ts";
import { answerHere, type Ctx, HERE } from "./inspect-ask.ts";
import { type Actions, actionsOf } from "./inspect-operation.ts";
import { inspectOperations } from "./inspect-operations.ts";

/** What the process knows of itself and the runtime does not. */
export interface ProcessSurroundings {
  /** For `conf`: everything the process was started with. Secrets are redacted before anything is shown. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** For profiles: files go below it. Without it none are taken. */
  readonly dataDir?: string | undefined;
  /** For `shutdown`: ends the process in good order. Without it only its worker stops. */
  readonly leave?: (() => void) | undefined;
  /** For `report`. */
  readonly version?: string | undefined;
}

/** What each process answers the doctor. */
export interface ProcessCheck {
  readonly node: string;
  readonly version: string;
  /** Of its worker; null: it runs no tasks. */
  readonly worker: string | null;
  readonly findings: readonly Finding[];
}

export interface InspectService {
  readonly actions: Actions;
  readonly events: Readonly<Record<string, () => void>>;
  start(): void;
  stop(): void;
}

export function inspectService(runtime: Runtime, surroundings: ProcessSurroundings): InspectService {
  const { settings = {}, dataDir, leave, version = "unknown" } = surroundings;
  const local = new LocalWorker({
    ...runtime.parts,
    database: runtime.database,
    worker: () => runtime.inspectedWorker,
    drain: (withinMs) => runtime.drain(withinMs),
    renewCells: () => runtime.renewCells(),
    queueKind: runtime.queue.kind,
    settings,
    dataDir,
    leave,
    version,
  });
  const disk = dataDir === undefined ? undefined : new Disk(dataDir);
  return {
    actions: {
      ...actionsOf("inspect", inspectOperations(runtime)),
      ...actionsOf("control", controlOperations(runtime)),
      ...explainActions(runtime),
      /** What is wrong with this process, as it sees itself. */
      async check(ctx: Ctx): Promise<ProcessCheck> {
        const { database, queue, parts } = runtime;
        const lagP99Ms = () => local.loopLag.p99Ms;
        const node = ctx.broker.nodeID;
        const facts = await processFacts({ database, queue, clock: parts.clock, disk, lagP99Ms }, node);
        return { node, version, worker: local.id ?? null, findings: checkProcess(facts) };
      },
      [HERE.replace(/^tasks\./, "")]: async (ctx: Ctx) => answerHere(local, ctx.broker.nodeID, ctx.params),
    },
    events: {
      [STEERING_EVENT]() {
        runtime.lookAtSettings().catch((error: unknown) => {
          runtime.parts.log.warn("what operators have set could not be read; looking again", error);
        });
      },
    },
    start: () => local.start(),
    stop: () => local.stop(),
  };
}
