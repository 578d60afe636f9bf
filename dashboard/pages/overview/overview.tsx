// The first look: is work being done, does anything wait too long, has anything failed, what comes next.
import { Page } from "../../parts/page.tsx";

export function Overview() {
  return <Page title="Overview">{null}</Page>;
}
