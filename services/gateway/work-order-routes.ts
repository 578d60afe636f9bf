// Work orders and permits over REST. Vendors and approvers are master data (`facility-routes.ts`).
import { ofClient } from "./rest-route.ts";

export const WORK_ORDER_ROUTES = ofClient([
  {
    method: "GET",
    path: "/work-orders",
    action: "workOrders.list",
    role: "viewer",
    summary: "Work orders, permits and reviews, newest first.",
    query: ["siteId", "vendorId", "identifier", "status", "permitStatus", "limit", "cursor"],
  },
  {
    method: "POST",
    path: "/work-orders",
    action: "workOrders.create",
    role: "operator",
    status: 201,
    summary: "Make a work order (WO), or a permit (WP), which asks its verifiers and approvers.",
    body: [
      ...["siteId", "uuid", "identifier", "description", "priority", "planAt", "expiryAt", "assetId", "locationId"],
      ...["questionSetId", "vendorId", "ctzoffset"],
    ],
  },
  {
    method: "GET",
    path: "/work-orders/:id",
    action: "workOrders.get",
    role: "viewer",
    summary: "One of them, with who is asked and what they said.",
  },
  {
    method: "POST",
    path: "/work-orders/:id/transition",
    action: "workOrders.transition",
    role: "operator",
    summary: "Bring it to another state.",
    body: ["status", "startedAt", "endedAt", "performedBy", "remarks"],
  },
  {
    method: "POST",
    path: "/work-orders/:id/decide",
    action: "workOrders.decide",
    role: "viewer",
    summary: "Approve or reject a permit, as one of those who are asked.",
    body: ["decision", "remarks", "personId"],
  },
  {
    method: "GET",
    path: "/work-orders/:id/history",
    action: "workOrders.history",
    role: "viewer",
    summary: "What happened to it, oldest first.",
    query: ["limit", "cursor"],
  },
]);
