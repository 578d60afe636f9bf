/** `apium tokens …` against a real gateway. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Command } from "commander";
import { connect } from "../../cli/client.ts";
import { accountCommands } from "../../cli/commands/accounts.ts";
import { outputTo } from "../../cli/output.ts";
import { type AccountsGateway, startAccountsGateway, TOKENS } from "../support/accounts.ts";
import { type Facility, openFacility } from "../support/facility.ts";

describe("apium tokens", () => {
  let facility: Facility;
  let gateway: AccountsGateway;
  beforeAll(async () => {
    facility = await openFacility("pglite");
    gateway = await startAccountsGateway(facility.backend);
  }, 400_000);
  afterAll(async () => {
    await facility.backend.reset();
    await gateway.stop();
    await facility.backend.close();
  }, 400_000);

  /** What the command prints, without colours. */
  async function apium(words: readonly string[], { isJson = false, token = TOKENS.admin as string } = {}) {
    let printed = "";
    const program = new Command("apium").exitOverride().configureOutput({ writeErr: () => {} });
    const client = connect({ url: gateway.url, token });
    accountCommands(
      program,
      () => client,
      outputTo(
        (text) => (printed += text),
        () => isJson,
      ),
    );
    for (const command of program.commands.flatMap((child) => [child, ...child.commands])) {
      command.copyInheritedSettings(program);
    }
    await program.parseAsync(["tokens", ...words], { from: "user" });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters.
    return printed.replaceAll(/\u001b\[[0-9;]*m/g, "");
  }

  test("makes a token that works, lists it without showing it, and revokes it", async () => {
    const client = await facility.makeClient();
    const created = await apium(["create", "night jobs", "--role", "viewer", "--client", String(client)]);
    const token = /apium_[A-Za-z0-9_-]{43}/.exec(created)?.[0] ?? "";
    const id = /^id +(\d+)$/m.exec(created)?.[1] ?? "";
    expect(created).toMatch(new RegExp(`^client +${client}$`, "m"));
    expect((await gateway.ask(token, "GET", "/sites")).status).toBe(200);
    const listed = await apium([]);
    expect(listed).toMatch(/^ID +NAME +ROLE +CLIENT +PERSON +LAST USED +STATE$/m);
    expect(listed).toMatch(new RegExp(`^${id} +night jobs +viewer +${client} .*valid$`, "m"));
    expect(listed).not.toContain(token);
    expect(await apium(["revoke", id])).toMatch(new RegExp(`^token ${id} \\(night jobs\\) is revoked since 20`));
    expect((await gateway.ask(token, "GET", "/sites")).status).toBe(401);
    expect(await apium(["list"])).toMatch(new RegExp(`^${id} .* revoked `, "m"));
  });

  test("says what was refused, and does not ask for what is mistyped", async () => {
    await expect(apium(["list"], { token: TOKENS.operator })).rejects.toMatchObject({ exitCode: 1, code: "FORBIDDEN" });
    await expect(apium(["revoke", "999999"])).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(apium(["create", "x", "--role", "root"])).rejects.toMatchObject({ name: "CommanderError" });
    await expect(apium(["create", "x"])).rejects.toMatchObject({ name: "CommanderError" });
    await expect(apium(["revoke", "all"])).rejects.toMatchObject({ name: "CommanderError" });
  });

  test("lists every page", async () => {
    await facility.database.query(
      "insert into api_token (name, hash, role, created_by) select 'n' || n, 'h' || n, 'viewer', 'x' from generate_series(1, 600) n",
    );
    const { items } = JSON.parse(await apium(["list"], { isJson: true })) as { items: { name: string }[] };
    expect(items.filter(({ name }) => /^n\d+$/.test(name))).toHaveLength(600);
  });
});
