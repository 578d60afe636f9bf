// Accounts over REST: tokens of a client or of the whole system, and passwords of people.
import { ofClient } from "./rest-route.ts";

export const ACCOUNT_ROUTES = ofClient([
  { method: "GET", path: "/me", action: "accounts.me", role: "viewer", summary: "Who this is, and what they may." },
  {
    method: "POST",
    path: "/accounts/tokens",
    action: "accounts.createToken",
    role: "admin",
    status: 201,
    summary: "Make a token, of a client where `clientId` or the asker says so; it is shown in this answer only.",
    body: ["name", "role", "clientId", "personId", "expiresAt"],
  },
  {
    method: "GET",
    path: "/accounts/tokens",
    action: "accounts.listTokens",
    role: "admin",
    summary: "The tokens by id, without the tokens themselves.",
    query: ["clientId", "limit", "cursor"],
  },
  {
    method: "DELETE",
    path: "/accounts/tokens/:id",
    action: "accounts.revokeToken",
    role: "admin",
    summary: "Revoke a token: it ends here at once, and at other gateways within 30 s.",
  },
  {
    method: "POST",
    path: "/people/:id/password",
    action: "accounts.setPassword",
    role: "admin",
    summary: "Give a person a password to sign in with; their sessions end.",
    body: ["password"],
  },
]);
