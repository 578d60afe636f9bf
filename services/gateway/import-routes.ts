// Facilities out of table files over REST: the command line's `apium import` speaks these.
import { ofClient } from "./rest-route.ts";

export const IMPORT_ROUTES = ofClient([
  {
    method: "GET",
    path: "/imports/kinds",
    action: "imports.kinds",
    role: "viewer",
    summary: "What may be imported: the kinds of files with their columns.",
  },
  {
    method: "POST",
    path: "/imports",
    action: "imports.create",
    role: "admin",
    status: 201,
    summary: "Open an import; `client` is the code of the client it is about, where its rows do not say.",
    body: ["client"],
  },
  {
    method: "POST",
    path: "/imports/:id/rows",
    action: "imports.addRows",
    role: "admin",
    status: 201,
    summary: "Add up to 1 000 rows: { kind, file, line, cells }.",
    body: ["rows"],
  },
  {
    method: "POST",
    path: "/imports/:id/run",
    action: "imports.run",
    role: "admin",
    status: 202,
    summary: "Check the rows (`dryRun`) or take them in; bad ones stop it, or with `skipBad` only themselves.",
    body: ["dryRun", "skipBad"],
  },
  {
    method: "GET",
    path: "/imports/:id",
    action: "imports.get",
    role: "viewer",
    summary: "State, progress and counts of an import.",
  },
  {
    method: "GET",
    path: "/imports/:id/problems",
    action: "imports.problems",
    role: "viewer",
    summary: "What is wrong with its rows: file, line, column, value, why.",
    query: ["limit", "cursor"],
  },
]);
