// Mails about work orders and permits: what is asked of whoever gets it stands first.
import { localTime } from "../site-time.ts";
import { ACCENTS, type Fact, layOut, type Mail, priorityBadge, statusBadge } from "./mail-layout.ts";
import type { WORK_ORDER_EVENTS } from "./tasks.ts";

type MailEvent = (typeof WORK_ORDER_EVENTS)[number];

export interface WorkOrderFacts {
  readonly order: {
    readonly number: string;
    readonly identifier: "WO" | "WP" | "SLA";
    readonly type: string | null;
    readonly description: string;
    readonly status: string;
    readonly permitStatus: string;
    readonly priority: string;
    readonly planAt: string | null;
    readonly expiryAt: string | null;
    readonly asset: string | null;
    readonly vendor: string | null;
    readonly createdBy: string;
  };
  readonly site: { readonly name: string; readonly timezone: string };
  readonly decisions: readonly {
    readonly name: string;
    readonly role: string;
    readonly decision: string;
    readonly remarks: string | null;
  }[];
}

const NOUNS = { WO: "work order", WP: "work permit", SLA: "service review" } as const;
/** What the original's subjects end in. */
const ENDINGS: Readonly<Record<MailEvent, string>> = {
  created: "Created",
  verify: "Verification Pending",
  approve: "Approval Pending",
  approved: "Approved",
  rejected: "Rejected",
  cancelled: "Cancelled",
  overdue: "Overdue",
  undecided: "Still Pending",
};
const ACCENT_OF: Readonly<Record<MailEvent, string>> = {
  created: ACCENTS.calm,
  verify: ACCENTS.warn,
  approve: ACCENTS.warn,
  approved: ACCENTS.good,
  rejected: ACCENTS.bad,
  cancelled: ACCENTS.bad,
  overdue: ACCENTS.bad,
  undecided: ACCENTS.warn,
};

export function workOrderMail({ order, site, decisions }: WorkOrderFacts, event: MailEvent): Mail {
  const noun = NOUNS[order.identifier];
  const type = order.identifier === "WO" ? "Work order" : (order.type ?? "Work permit");
  return layOut({
    subject: `${type}-${order.number}-${site.name}-${ENDINGS[event]}`,
    siteName: site.name,
    accent: ACCENT_OF[event],
    kicker: `${type} ${order.number}`,
    title: order.description.split("\n")[0] ?? "",
    badges: [priorityBadge(order.priority), statusBadge(order.status)],
    lead: LEADS[event](noun),
    sections: [
      { facts: orderFacts(order, site) },
      ...(decisions.length === 0 ? [] : [{ title: "Who is asked", facts: decisions.map(decisionFact) }]),
    ],
    reason: `You get this mail because you are named in this ${noun}, or in charge of its site. Times are the site's.`,
  });
}

const LEADS: Readonly<Record<MailEvent, (noun: string) => string>> = {
  created: (noun) => `A new ${noun} is waiting to be begun.`,
  verify: (noun) => `Please verify this ${noun}. Approval is asked for when all verifiers have agreed.`,
  approve: (noun) => `Please approve or reject this ${noun}. No work begins without it.`,
  approved: (noun) => `This ${noun} is approved: the work may begin.`,
  rejected: (noun) => `This ${noun} was rejected: the work must not begin.`,
  cancelled: (noun) => `This ${noun} was cancelled.`,
  overdue: (noun) => `This ${noun} should have been done by now.`,
  undecided: (noun) => `This ${noun} has been waiting for you for more than a day.`,
};

function orderFacts(order: WorkOrderFacts["order"], site: WorkOrderFacts["site"]): Fact[] {
  const at = (instant: string | null) => (instant === null ? "Not set" : localTime(instant, site.timezone));
  return [
    ["Number", order.number],
    ["Site", site.name],
    ["Description", order.description],
    ["From", at(order.planAt)],
    ["Until", at(order.expiryAt)],
    ...(order.asset === null ? [] : [["Asset", order.asset] as const]),
    ["Vendor", order.vendor ?? "None"],
    ["Made by", order.createdBy],
  ];
}

function decisionFact({ name, role, decision, remarks }: WorkOrderFacts["decisions"][number]): Fact {
  const said = `${role === "VERIFIER" ? "Verifier" : "Approver"}: ${decision.toLowerCase()}`;
  return [name, remarks === null || remarks === "" ? said : `${said}\n${remarks}`];
}
