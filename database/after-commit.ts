// What shall happen once a transaction has committed, in the order it was asked for. A step that fails is reported and
// holds nobody up: the commit stands.
import { messageOf } from "../runtime/contract/errors.ts";

type Step = () => void | Promise<void>;

export class AfterCommit {
  readonly #steps: Step[] = [];
  readonly #report: (message: string) => void;

  constructor(report: (message: string) => void) {
    this.#report = report;
  }

  readonly add = (step: Step): void => {
    this.#steps.push(step);
  };

  async run(): Promise<void> {
    for (const step of this.#steps) {
      try {
        await step();
      } catch (error) {
        this.#report(`a step after a commit failed: ${messageOf(error)}`);
      }
    }
  }
}
