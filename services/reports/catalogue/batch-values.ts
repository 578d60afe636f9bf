// Values of the second statement of `reader.batches`, whose `$1` are the ids of the batch.
import type { Parameter } from "../../../database/index.ts";
import { Values } from "../../scope.ts";

export class BatchValues extends Values {
  constructor() {
    super();
    this.of("{}");
  }

  /** Those the reader is given: from `$2` on. */
  get others(): readonly Parameter[] {
    return this.list.slice(1);
  }
}
