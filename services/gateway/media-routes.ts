// Files of the facility over REST. The body of a request that brings one is the file itself.
import { ofClient } from "./rest-route.ts";

export const MEDIA_ROUTES = ofClient([
  {
    method: "POST",
    path: "/attachments",
    action: "media.attach",
    role: "operator",
    status: 201,
    takesFile: true,
    isForPhones: true,
    summary: "Attach a file to a row: the body is the file, up to 25 MB. The same uuid again is the same attachment.",
    query: ["uuid", "ownerTable", "ownerUuid", "fileName", "kind", "siteId", "latitude", "longitude"],
  },
  {
    method: "GET",
    path: "/attachments",
    action: "media.list",
    role: "viewer",
    summary: "Attachments, by id; of one row with ownerTable and ownerUuid.",
    query: ["ownerTable", "ownerUuid", "limit", "cursor"],
  },
  {
    method: "GET",
    path: "/attachments/stats",
    action: "media.stats",
    role: "viewer",
    summary: "Files and bytes by where they are.",
  },
  { method: "GET", path: "/attachments/:id", action: "media.get", role: "viewer", summary: "One attachment." },
  {
    method: "GET",
    path: "/attachments/:id/file",
    action: "media.file",
    role: "viewer",
    answersFile: true,
    summary: "Its file, wherever it is kept.",
  },
]);
