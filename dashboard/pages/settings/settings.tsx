// What is set for the whole system, who may use it, how it was started and what is wrong with it: a tab each. People of a
// client see the tokens of theirs, and what this is.
import type { ComponentType } from "preact";
import { isOfPlatform, may, type Role } from "../../core/me.ts";
import { query } from "../../core/place.ts";
import { Page } from "../../parts/page.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import { About } from "./about.tsx";
import { Configuration } from "./configuration.tsx";
import { Doctor } from "./doctor.tsx";
import { Tenants } from "./tenants.tsx";
import { Tokens } from "./tokens/tokens.tsx";
import { Types } from "./types/types.tsx";

interface Tab {
  readonly id: string;
  readonly label: string;
  readonly tab: ComponentType;
  readonly needs?: Role;
  readonly isOfClient?: boolean;
}

const TABS: readonly Tab[] = [
  { id: "tokens", label: "Tokens", tab: Tokens, needs: "admin", isOfClient: true },
  { id: "types", label: "Task types", tab: Types },
  { id: "tenants", label: "Tenants", tab: Tenants },
  { id: "configuration", label: "Configuration", tab: Configuration },
  { id: "doctor", label: "Doctor", tab: Doctor },
  { id: "about", label: "About", tab: About, isOfClient: true },
];

export function Settings() {
  const tabs = TABS.filter(
    ({ needs, isOfClient }) => (needs === undefined || may(needs)) && (isOfPlatform() || isOfClient === true),
  );
  const open = tabs.find(({ id }) => id === query.value.get("tab")) ?? tabs[0];
  return (
    <Page title="Settings">
      <Tabs name="tab" open={open?.id ?? ""} tabs={tabs} />
      {open === undefined ? null : <open.tab />}
    </Page>
  );
}
