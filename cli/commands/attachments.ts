// `apium attachments`: files and bytes by where they are.
import type { Command } from "commander";
import type { Answer, Client } from "../client.ts";
import { bad, type Output, table } from "../output.ts";

/** Not as they were taken in, or nowhere. */
const LOST = ["BROKEN", "MISSING"];

export function attachmentsCommand(program: Command, client: () => Client, output: Output): void {
  program
    .command("attachments")
    .description("files and bytes by where they are: LOCAL, UPLOADING, REMOTE, BROKEN, MISSING")
    .action(async () =>
      output.show(await client().get("/attachments/stats"), ({ items }) =>
        table(
          ["STATE", "FILES", "MB"],
          items.map(({ state, files, bytes }: Answer) => [
            LOST.includes(state) ? bad(state) : state,
            files,
            (bytes / 1_048_576).toFixed(1),
          ]),
        ),
      ),
    );
}
