// `apium doctor`: everything that is wrong, or will be, with what to do about it. Ends with 1 when something does not run.
import type { Command } from "commander";
import { type Answer, CliError, type Client, EXIT } from "../client.ts";
import { bad, dim, good, type Output, odd } from "../output.ts";

export function doctorCommand(program: Command, client: () => Client, output: Output): void {
  program
    .command("doctor")
    .description("what is wrong, or will be, and what to do about it")
    .action(async () => {
      const answer = await client().get("/doctor");
      output.show(answer, findingsText);
      if (!answer.isHealthy) throw new CliError(EXIT.refused, "UNHEALTHY", "");
    });
}

function findingsText({ findings }: Answer): string {
  if (findings.length === 0) return good("nothing is wrong");
  return findings
    .map(({ severity, code, subject, message, suggestion }: Answer) => {
      const mark = severity === "error" ? bad("error  ") : odd("warning");
      return `${mark} ${code}  ${subject}\n        ${message}\n        ${dim(`→ ${suggestion}`)}`;
    })
    .join("\n");
}
