// Tokens: what programs and people sign in with. A token itself is nowhere but in the answer that made it.
import { send } from "../../../core/api.ts";
import { now } from "../../../core/now.ts";
import { go, hrefWith, query } from "../../../core/place.ts";
import type { Token } from "../../../core/shapes-system.ts";
import { usePages } from "../../../core/use-pages.ts";
import { Badge } from "../../../parts/badge.tsx";
import { Button } from "../../../parts/button.tsx";
import { Card } from "../../../parts/card.tsx";
import { confirm } from "../../../parts/dialog.tsx";
import { Checkbox } from "../../../parts/fields.tsx";
import { Loaded } from "../../../parts/loaded.tsx";
import { type Column, Table } from "../../../parts/table.tsx";
import { say } from "../../../parts/toast.tsx";
import { When } from "../../../parts/when.tsx";
import { NewToken } from "./new-token.tsx";
import { useClientNames } from "./use-clients.ts";

const A_PAGE = 500;
const SOON_MS = 7 * 86_400_000;

export function Tokens() {
  const tokens = usePages<Token>(`/accounts/tokens?limit=${A_PAGE}`, ({ id }) => id, { everyMs: 30_000 });
  const clients = useClientNames();
  const withEnded = query.value.get("ended") === "1";
  const shown = tokens.items.filter((token) => withEnded || !hasEnded(token, now.value));

  const revoke = async ({ id, name }: Token) => {
    const isSure = await confirm({
      title: `Revoke ${name}?`,
      body: "Whoever uses it is refused at once, at other gateways within 30 seconds. It cannot be taken back.",
      verb: "Revoke",
      isDangerous: true,
    });
    if (!isSure) return;
    await send("DELETE", `/accounts/tokens/${id}`);
    say(`${name} is revoked`);
    await tokens.query.reload();
  };
  const columns: readonly Column<Token>[] = [
    {
      title: "Token",
      kind: "grow",
      cell: ({ name, createdBy, createdAt }) => (
        <span class="settings-name">
          <strong>{name}</strong>
          <span class="sub">
            made by {createdBy}, <When at={createdAt} />
          </span>
        </span>
      ),
    },
    { title: "Role", cell: ({ role }) => role },
    {
      title: "Of",
      wide: true,
      cell: ({ clientId, personId }) => (
        <>
          {clientId === null ? (
            <span class="muted">the whole system</span>
          ) : (
            (clients.get(clientId) ?? `client ${clientId}`)
          )}
          {personId === null ? null : <span class="sub">person {personId}</span>}
        </>
      ),
    },
    {
      title: "Used last",
      wide: true,
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? <span class="muted">never</span> : <When at={lastUsedAt} />),
    },
    { title: "State", cell: (token) => <TokenState token={token} /> },
    {
      title: "",
      kind: "shrink",
      cell: (token) =>
        hasEnded(token, now.value) ? null : (
          <Button
            small
            tone="quiet"
            icon="ban"
            needs="admin"
            label={`Revoke ${token.name}`}
            onClick={() => revoke(token)}
          />
        ),
    },
  ];
  return (
    <Card
      flush
      title="Tokens"
      actions={
        <>
          <Checkbox
            label="Those that have ended, too"
            checked={withEnded}
            onChange={(on) => go(hrefWith({ ended: on ? "1" : undefined }), { replace: true })}
          />
          <Button small tone="main" icon="plus" needs="admin" onClick={() => go(hrefWith({ new: "1" }))}>
            New token
          </Button>
        </>
      }
    >
      <Loaded query={tokens.query}>
        {() => (
          <Table
            label="Tokens"
            columns={columns}
            rows={shown}
            keyOf={({ id }) => id}
            empty="No tokens"
            emptyHint="Make one for each program that uses the API, so that one can be revoked without the others. Tokens of the settings (API_TOKENS) are not listed here."
          />
        )}
      </Loaded>
      {tokens.hasMore ? (
        <div class="more">
          <Button small onClick={tokens.more}>
            More
          </Button>
        </div>
      ) : null}
      {query.value.get("new") === "1" ? (
        <NewToken onMade={tokens.query.reload} onClose={() => go(hrefWith({ new: undefined }), { replace: true })} />
      ) : null}
    </Card>
  );
}

function hasEnded({ revokedAt, expiresAt }: Token, at: number): boolean {
  return revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= at);
}

function TokenState({ token: { revokedAt, expiresAt } }: { token: Token }) {
  if (revokedAt !== null)
    return (
      <>
        <Badge>Revoked</Badge>
        <span class="sub">
          <When at={revokedAt} />
        </span>
      </>
    );
  if (expiresAt === null) return <Badge tone="good">Valid</Badge>;
  const left = Date.parse(expiresAt) - now.value;
  return (
    <>
      {left <= 0 ? <Badge>Expired</Badge> : <Badge tone={left < SOON_MS ? "warn" : "good"}>Valid</Badge>}
      <span class="sub">
        {left <= 0 ? "" : "expires "}
        <When at={expiresAt} />
      </span>
    </>
  );
}
