// Celery's top-level commands (celery 5.6: `celery --help`), and the one Flower adds.
import { at, confirm, notThere, press, sees } from "./place.ts";
import { change, type ParitySection } from "./row.ts";

export const COMMANDS: ParitySection = {
  title: "Commands",
  source: "`celery --help` of 5.6.2: 18, and Flower's",
  rows: [
    {
      there: "celery worker",
      program: { use: "`SERVICES=email QUEUES=email npm start`", shownBy: "test/end-to-end/ticket-mail.test.ts" },
      dashboard: notThere("it starts no processes"),
    },
    {
      there: "celery beat",
      program: {
        use: "`SERVICES=scheduler npm start`, in as many processes as you like",
        shownBy: "test/fault/schedulers.test.ts",
      },
      dashboard: notThere("it starts no processes"),
      note: "None leads, none is needed once: a slot fires once however many fire.",
    },
    {
      there: "celery multi",
      notApplicable: "processes are their supervisor's: `deploy/systemd` (`apium@<role>`), `deploy/compose.yaml`",
    },
    {
      there: "celery amqp",
      notApplicable:
        "queues are fixed and made by the system itself; a look into one is `apium tasks list --queue <q> --state QUEUED`, taking one message out `apium tasks revoke <id>`",
    },
    { there: "celery call", sameAs: "celery call NAME -a -k …" },
    { there: "celery control", sameAs: "control rate_limit" },
    {
      there: "celery events, --dump",
      program: {
        use: "`apium events --follow [--type task.*] [--json]`, `GET /events`",
        shownBy: "test/integration/cli-events.test.ts",
      },
      dashboard: notThere("a stream for programs; its pages follow the same events"),
      note: "Goes on after a lost connection with what it missed. The screen of `celery events` is `apium top`.",
    },
    {
      there: "celery graph",
      notApplicable:
        "what is connected to what is a table: `apium routes`, `apium workers`, `apium inspect active-queues`",
    },
    { there: "celery inspect", sameAs: "inspect active" },
    {
      there: "celery list bindings",
      action: "tasks.routes",
      rest: "GET /routes",
      cli: "routes",
      dashboard: at("/settings?tab=types", sees("{items.*.task} in {items.*.queue}")),
      note: "Also which task would be run by nobody; in `apium doctor`, too.",
    },
    {
      there: "celery logtool",
      notApplicable: "the log is the supervisor's; tasks, attempts and errors are in the books",
    },
    {
      there: "celery migrate",
      notApplicable: "messages of another broker are not read; let the old workers empty their queues",
    },
    {
      there: "celery purge -Q",
      action: "tasks.purge",
      params: { name: "<purge queue>" },
      rest: "POST /queues/:name/purge",
      cli: "queues purge <purge queue> --yes",
      dashboard: at("/queues/<purge queue>", press("Purge <purge queue>"), confirm("Purge")),
      changes: change("queue.purge", { dryRun: true }),
      note: "Also `--older-than 1h`.",
    },
    {
      there: "celery report",
      action: "tasks.report",
      rest: "GET /report",
      cli: "report",
      dashboard: at(
        "/settings?tab=about",
        sees("{apium}"),
        sees("{workers.*.worker}"),
        sees("Node {node}, {queue} queue"),
      ),
    },
    { there: "celery result ID", sameAs: "result, AsyncResult.get" },
    {
      there: "celery shell",
      program: { use: "`npm run repl`", shownBy: "test/end-to-end/repl.test.ts" },
      dashboard: notThere("a prompt is for terminals"),
      note: "Moleculer's REPL with every command of this page.",
    },
    {
      there: "celery status",
      action: "tasks.workers",
      rest: "GET /workers",
      cli: "workers",
      dashboard: at("/workers", sees("{items.*.id} {items.*.host}, pid {items.*.pid} {items.*.state}")),
    },
    {
      there: "celery upgrade settings",
      notApplicable: "[coming from Celery](../coming-from-celery.md) has each setting and its place",
    },
    {
      there: "celery flower",
      program: { use: "the page `npm start` names, `/api/…`", shownBy: "test/security/gateway-access.test.ts" },
      dashboard: at("/", sees("Overview")),
    },
  ],
};
