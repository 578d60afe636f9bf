// The keys of a cache: level by level along their colons, or what fits a text or a glob; opening one shows its value.
import { useState } from "preact/hooks";
import { plural, whole } from "../../core/format.ts";
import { go, hrefWith, query, setQuery } from "../../core/place.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { Search } from "../../parts/fields.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { ClearCache } from "./clear-cache.tsx";
import { DeletePattern } from "./delete-pattern.tsx";
import { InvalidateTags } from "./invalidate-tags.tsx";
import { KeyDialog } from "./key-dialog.tsx";
import { groupsOf, patternOf, stepsTo } from "./key-groups.ts";
import { useKeys } from "./use-keys.ts";

const FIRST_ROWS = 200;

type Row = { readonly part: string; readonly count: number } | { readonly key: string };

export function Keys({ cache }: { cache: string }) {
  const at = (name: string) => query.value.get(name) ?? "";
  const [prefix, find, key, tool] = [at("prefix"), at("find"), at("key"), at("open")];
  const version = at("version") || "1";
  const where = { cache, version };
  const pattern = patternOf(prefix, find);
  const read = useKeys(where, pattern);
  const [shown, setShown] = useState(FIRST_ROWS);
  const close = () => go(hrefWith({ key: undefined, open: undefined }), { replace: true });

  const { groups, keys } = find === "" ? groupsOf(read.keys, prefix) : { groups: [], keys: read.keys };
  const rows: readonly Row[] = [...groups, ...keys.slice(0, shown).map((own) => ({ key: own }))];
  const columns: readonly Column<Row>[] = [
    { title: "Key", kind: "grow", cell: (row) => <KeyCell row={row} prefix={find === "" ? prefix : ""} /> },
    {
      title: "",
      kind: "number",
      cell: (row) =>
        "part" in row ? (
          <span class="muted">
            {whole(row.count)}
            {read.hasMore ? "+" : ""} {row.count === 1 ? "key" : "keys"}
          </span>
        ) : null,
    },
  ];
  return (
    <Card
      flush
      title={<Steps cache={cache} prefix={prefix} />}
      actions={
        <>
          <Button small needs="operator" icon="trash" onClick={() => go(hrefWith({ open: "delete" }))}>
            Delete by pattern
          </Button>
          <Button small needs="operator" icon="refresh" onClick={() => go(hrefWith({ open: "tags" }))}>
            Invalidate tags
          </Button>
          <Button small needs="admin" tone="danger" onClick={() => go(hrefWith({ open: "clear" }))}>
            Clear {cache}
          </Button>
        </>
      }
    >
      <div class="filters cache-filters">
        <Search
          label={prefix === "" ? "Find keys: a text, or a glob such as site:*:asset:?" : `Find below ${prefix}`}
          value={find}
          onInput={(text) => setQuery({ find: text })}
        />
        <label class="cache-version">
          Version
          <input
            type="number"
            min={0}
            value={version}
            onChange={(event) =>
              setQuery({ version: event.currentTarget.value === "1" ? "" : event.currentTarget.value })
            }
          />
        </label>
        <Button tone="quiet" icon="refresh" label="Read the keys anew" onClick={read.reload} />
      </div>
      <Loaded
        query={{
          data: read.isReading && read.keys.length === 0 ? undefined : read.keys,
          error: read.error,
          isLoading: read.isReading,
          reload: read.reload,
        }}
      >
        {() => (
          <Table
            label={`Keys of ${cache}`}
            columns={columns}
            rows={rows}
            keyOf={(row) => ("part" in row ? `group ${row.part}` : row.key)}
            hrefOf={(row) => hrefWith("part" in row ? { prefix: `${prefix}${row.part}` } : { key: row.key })}
            empty={find === "" ? "No keys" : "No key fits"}
            emptyHint={
              find === ""
                ? "What the services keep here appears as they use it; what has expired is gone."
                : "A text is looked for anywhere in the key; * ? [ab] make it a glob for the whole key."
            }
          />
        )}
      </Loaded>
      {keys.length > shown || read.hasMore ? (
        <div class="more">
          {keys.length > shown ? (
            <Button small onClick={() => setShown(shown + FIRST_ROWS)}>
              Show {whole(Math.min(FIRST_ROWS, keys.length - shown))} more
            </Button>
          ) : null}
          {read.hasMore ? (
            <>
              <span>{plural(read.keys.length, "key")} read so far</span>
              <Button small onClick={read.more}>
                Read on
              </Button>
            </>
          ) : null}
        </div>
      ) : null}
      {key === "" ? null : <KeyDialog key={key} name={key} where={where} onChanged={read.reload} onClose={close} />}
      {tool === "delete" ? (
        <DeletePattern where={where} pattern={pattern} onDone={read.reload} onClose={close} />
      ) : tool === "tags" ? (
        <InvalidateTags where={where} onDone={read.reload} onClose={close} />
      ) : tool === "clear" ? (
        <ClearCache cache={cache} onDone={read.reload} onClose={close} />
      ) : null}
    </Card>
  );
}

function Steps({ cache, prefix }: { cache: string; prefix: string }) {
  const steps = stepsTo(prefix);
  return (
    <span class="key-steps">
      {steps.length === 0 ? cache : <a href={hrefWith({ prefix: undefined })}>{cache}</a>}
      {steps.map((step, index) => (
        <span key={step.prefix} class="mono">
          {index === steps.length - 1 ? step.part : <a href={hrefWith({ prefix: step.prefix })}>{step.part}</a>}
        </span>
      ))}
    </span>
  );
}

/** What stands above need not be read again in each row. */
function KeyCell({ row, prefix }: { row: Row; prefix: string }) {
  const isGroup = "part" in row;
  return (
    <span class="key-cell">
      <Icon name={isGroup ? "queues" : "key"} />
      <span class={isGroup ? "mono key-group" : "mono"}>{isGroup ? row.part : row.key.slice(prefix.length)}</span>
    </span>
  );
}
