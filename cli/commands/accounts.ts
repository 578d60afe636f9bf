// `apium tokens …`: who may come in with a token, of which client, and since when not any more.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Answer, Client } from "../client.ts";
import { bad, dim, facts, good, moment, type Output, odd, table, when } from "../output.ts";

const PATH = "/accounts/tokens";

export function accountCommands(program: Command, client: () => Client, output: Output): void {
  const tokens = program.command("tokens").description("API tokens: of clients, and of the whole system");

  tokens
    .command("list", { isDefault: true })
    .description("all tokens, those that were revoked too")
    .option("--client <id>", "of this client only", idOf)
    .action(async ({ client: clientId }) => output.show(await everyToken(client(), clientId), listText));

  tokens
    .command("create <name>")
    .description("make a token; it is shown this once")
    .addOption(
      new Option("--role <role>", "what it may do").choices(["viewer", "operator", "admin"]).makeOptionMandatory(),
    )
    .option("--client <id>", "of this client; default that of your own token, else the whole system", idOf)
    .option("--person <id>", "of this person: what is done with it is theirs", idOf)
    .option("--expires <instant>", "ISO 8601; default never")
    .action(async (name, { role, client: clientId, person: personId, expires: expiresAt }) =>
      output.show(await client().send("POST", PATH, { name, role, clientId, personId, expiresAt }), createdText),
    );

  tokens
    .command("revoke")
    .description("end a token: at once where it is asked, within 30 s everywhere")
    .argument("<id>", "as `tokens list` shows it", idOf)
    .action(async (id) =>
      output.show(await client().send("DELETE", `${PATH}/${id}`), ({ name, revokedAt }) => {
        return `token ${id} (${name}) is revoked since ${moment(revokedAt)}`;
      }),
    );
}

/** Every page of them. */
async function everyToken(client: Client, clientId: number | undefined): Promise<Answer> {
  const items: Answer[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await client.get(PATH, { limit: 500, cursor, clientId });
    items.push(...page.items);
    if (page.nextCursor === null) return { items };
    cursor = page.nextCursor;
  }
}

function listText({ items }: Answer): string {
  return table(
    ["ID", "NAME", "ROLE", "CLIENT", "PERSON", "LAST USED", "STATE"],
    items.map((item: Answer) => [
      ...[item.id, item.name, item.role, item.clientId ?? dim("all"), item.personId],
      when(item.lastUsedAt) ?? dim("never"),
      stateOf(item),
    ]),
  );
}

function stateOf({ revokedAt, expiresAt }: Answer): string {
  if (revokedAt !== null) return bad(`revoked ${when(revokedAt)}`);
  if (expiresAt === null) return good("valid");
  return Date.parse(expiresAt) <= Date.now() ? odd("expired") : good(`expires ${when(expiresAt)}`);
}

function createdText({ id, name, role, clientId, personId, expiresAt, token }: Answer): string {
  return facts([
    ["token", token],
    ["", dim("it is kept nowhere: put it away now")],
    ["id", id],
    ["name", name],
    ["role", role],
    ["client", clientId ?? "the whole system"],
    ["person", personId ?? undefined],
    ["expires", expiresAt === null ? "never" : moment(expiresAt)],
  ]);
}

function idOf(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError("It must be an id: a whole number from 1 on.");
  return Number(text);
}
