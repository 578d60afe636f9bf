/** What may be shown of settings and of what handlers log. */
import { expect, test } from "@jest/globals";
import { redact } from "../../runtime/contract/redact.ts";

test("secrets by name, passwords in addresses, and nothing that is a function", () => {
  expect(
    redact({
      PORT: 3000,
      API_TOKENS: [{ role: "admin", token: "t0p" }],
      JWT_SECRET: "t0p",
      MEDIA_PRIVATE_KEY: "t0p",
      smtp: { user: "u", password: "t0p" },
      TASK_ROUTES: () => undefined,
      SERVICES: ["gateway", "email"],
      MEDIA_ROOT: undefined,
      nothing: null,
    }),
  ).toEqual({
    PORT: 3000,
    API_TOKENS: "[redacted]",
    JWT_SECRET: "[redacted]",
    MEDIA_PRIVATE_KEY: "[redacted]",
    smtp: { user: "u", password: "[redacted]" },
    TASK_ROUTES: "[set]",
    SERVICES: ["gateway", "email"],
    nothing: null,
  });
});

test.each([
  ["postgres://user:t0p@db:5432/apium", "postgres://[redacted]@db:5432/apium"],
  ["redis://:t0p@cache:6379", "redis://[redacted]@cache:6379"],
  ["postgres://user:t0/p,t0p@t0p@db/apium", "postgres://[redacted]@db/apium"],
  ["nats://a:t0p@n1:4222,nats://b:t0p@n2:4222", "nats://[redacted]@n2:4222"],
  ["postgres://db/apium?user=u&password=t0p&x=1", "postgres://db/apium?user=u&password=[redacted]&x=1"],
  ["postgres://db:5432/apium", "postgres://db:5432/apium"],
  ["Apium <apium@localhost>", "Apium <apium@localhost>"],
])("%s", (text, shown) => {
  expect(redact({ url: text }).url).toBe(shown);
  expect(shown).not.toContain("t0p");
});
