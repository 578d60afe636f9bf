// The jobs of all sites.
import { address } from "../../core/api.ts";
import { query, setQuery } from "../../core/place.ts";
import { Card } from "../../parts/card.tsx";
import { Search, Select } from "../../parts/fields.tsx";
import { Page } from "../../parts/page.tsx";
import { JobTable } from "./job-table.tsx";
import { useNames } from "./names.ts";
import { Paged } from "./paged.tsx";
import type { Job } from "./shapes.ts";

export function Jobs() {
  const names = useNames();
  const [site, text] = [query.value.get("site") ?? "", query.value.get("q") ?? ""];
  return (
    <Page
      title="Jobs"
      hint="What is to be done, and when. Each time becomes an occurrence; what nobody does is closed, with its mail or its ticket."
    >
      <div class="filters">
        <Search label="Search jobs" value={text} onInput={(q) => setQuery({ q })} />
        <Select
          label="Site"
          inline
          value={site}
          onChange={(value) => setQuery({ site: value })}
          options={[["", "All sites"], ...names.sites.map(({ id, name }) => [String(id), name] as const)]}
        />
      </div>
      <Card flush>
        <Paged<Job> path={address("/jobs", { limit: 100, siteId: site, q: text })}>
          {(rows) => <JobTable rows={rows} names={names} />}
        </Paged>
      </Card>
    </Page>
  );
}
