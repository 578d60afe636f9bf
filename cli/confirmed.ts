// What cannot be taken back is said twice: a command that destroys wants `--yes`, or `--dry-run` where it has one.
import { CliError, EXIT } from "./client.ts";

interface Confirmation {
  readonly yes?: boolean;
  /** Left out by commands that have none. */
  readonly dryRun?: boolean;
}

/**
 * @param what - that would be done, after "this".
 * @throws CliError `NOT_CONFIRMED` when neither was said.
 */
export function confirm({ yes, dryRun }: Confirmation, what: string, { hasDryRun = true } = {}): void {
  if (yes === true || dryRun === true) return;
  throw new CliError(EXIT.usage, "NOT_CONFIRMED", `this ${what}; add --yes${hasDryRun ? ", or --dry-run" : ""}`);
}
