// Celery's top-level commands (celery 5.6: `celery --help`), and the one Flower adds.
import { change, type ParitySection } from "./row.ts";

export const COMMANDS: ParitySection = {
  title: "Commands",
  source: "`celery --help` of 5.6.2: 18, and Flower's",
  rows: [
    {
      there: "celery worker",
      program: { use: "`SERVICES=email QUEUES=email npm start`", shownBy: "test/end-to-end/ticket-mail.test.ts" },
    },
    {
      there: "celery beat",
      program: {
        use: "`SERVICES=scheduler npm start`, in as many processes as you like",
        shownBy: "test/fault/schedulers.test.ts",
      },
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
      changes: change("queue.purge", { dryRun: true }),
      note: "Also `--older-than 1h`.",
    },
    { there: "celery report", action: "tasks.report", rest: "GET /report", cli: "report" },
    { there: "celery result ID", sameAs: "result, AsyncResult.get" },
    {
      there: "celery shell",
      program: { use: "`npm run repl`", shownBy: "test/end-to-end/repl.test.ts" },
      note: "Moleculer's REPL with every command of this page.",
    },
    { there: "celery status", action: "tasks.workers", rest: "GET /workers", cli: "workers" },
    {
      there: "celery upgrade settings",
      notApplicable: "[coming from Celery](../coming-from-celery.md) has each setting and its place",
    },
    {
      there: "celery flower",
      program: { use: "the page `npm start` names, `/api/…`", shownBy: "test/security/gateway-access.test.ts" },
    },
  ],
};
