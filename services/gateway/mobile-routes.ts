// Messages of phones over REST: stored now, run later. GraphQL itself is in `graphql-route.ts`.
import { ofClient, PERSON } from "./rest-route.ts";

export const MOBILE_ROUTES = ofClient([
  {
    method: "POST",
    path: "/mobile/messages",
    action: "mobile.receive",
    role: PERSON,
    status: 202,
    summary: "Store a mutation to be run later. The same again gives the same answer.",
    body: ["mutation", "variables", "operationName", "uuids", "serviceName", "messageId"],
  },
  {
    method: "POST",
    path: "/mobile/messages/status",
    action: "mobile.status",
    role: PERSON,
    summary: "What became of up to 100 messages of this person.",
    body: ["taskIds"],
  },
]);
