// The caches: how well they serve, what is in them, and what is asked of them just now. Nothing here is needed for
// correctness: what must be right is in the database.
import { query } from "../../core/place.ts";
import { Loaded } from "../../parts/loaded.tsx";
import { OnlyFor } from "../../parts/only-for.tsx";
import { Page } from "../../parts/page.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { CacheCards } from "./cache-cards.tsx";
import { CacheFigures } from "./cache-figures.tsx";
import { Commands } from "./commands.tsx";
import { Keys } from "./keys.tsx";
import { useCacheSamples } from "./use-cache-samples.ts";

export function Cache() {
  const { query: stats, samples } = useCacheSamples();
  const tab = query.value.get("tab") === "commands" ? "commands" : "keys";
  return (
    <Page
      title="Cache"
      hint="What is kept for a while so that it need not be computed again. It may be emptied at any time: the system becomes slower, not wrong."
    >
      <Loaded query={stats}>
        {({ items }) => {
          const wanted = query.value.get("cache");
          const chosen = items.find(({ cache }) => cache === wanted) ?? items[0];
          if (chosen === undefined) return null;
          return (
            <>
              <CacheCards caches={items} chosen={chosen.cache} samples={samples} />
              <CacheFigures stats={chosen} samples={samples} />
              <Tabs
                name="tab"
                open={tab}
                tabs={[
                  { id: "keys", label: `Keys of ${chosen.cache}` },
                  { id: "commands", label: "Commands" },
                ]}
              />
              <OnlyFor needs="operator" what="What is in a cache">
                {tab === "keys" ? <Keys key={chosen.cache} cache={chosen.cache} /> : <Commands cache={chosen.cache} />}
              </OnlyFor>
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}
