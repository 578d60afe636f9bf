/** What the gateway remembers of accounts, and for how long. */
import { beforeEach, describe, expect, test } from "@jest/globals";
import { AccountBook, REMEMBER_MS } from "../../services/gateway/account-book.ts";

const TOKEN = `apium_${"t".repeat(43)}`;
const account = {
  ...{ key: "token:1", name: "token:1 x", role: "viewer", clientId: 7, personId: null },
  expiresAt: null as string | null,
};

describe("the account book", () => {
  let now: number;
  let asked: { action: string; params: object }[];
  let answer: () => Promise<unknown>;
  let book: AccountBook;

  beforeEach(() => {
    now = 1_000_000;
    asked = [];
    answer = async () => account;
    book = new AccountBook(
      (action, params) => {
        asked.push({ action, params });
        return answer();
      },
      () => now,
    );
  });

  test("asks once in half a minute, with the token's hash and not the token", async () => {
    expect(await book.ofToken(TOKEN)).toEqual({
      key: "token:1",
      user: { name: "token:1 x", role: "viewer", clientId: 7 },
    });
    now += REMEMBER_MS - 1;
    await book.ofToken(TOKEN);
    expect(asked).toEqual([{ action: "accounts.ofToken", params: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) } }]);
    now += 1;
    await book.ofToken(TOKEN);
    expect(asked).toHaveLength(2);
  });

  test("counts the half minute from the question: a slow answer is not remembered for longer", async () => {
    const slow = Promise.withResolvers<unknown>();
    answer = () => slow.promise;
    const asking = book.ofToken(TOKEN);
    now += REMEMBER_MS;
    slow.resolve(account);
    await asking;
    await book.ofToken(TOKEN);
    expect(asked).toHaveLength(2);
  });

  test("asks once for all who ask at the same time", async () => {
    await Promise.all([book.ofToken(TOKEN), book.ofToken(TOKEN), book.ofToken(TOKEN)]);
    expect(asked).toHaveLength(1);
  });

  test("does not remember a token past its end", async () => {
    answer = async () => ({ ...account, expiresAt: new Date(now + 5_000).toISOString() });
    await book.ofToken(TOKEN);
    now += 5_000;
    answer = async () => null;
    expect(await book.ofToken(TOKEN)).toBeUndefined();
  });

  test("forgets at once, also what was asked before and is answered after", async () => {
    await book.ofToken(TOKEN);
    book.forget();
    const slow = Promise.withResolvers<unknown>();
    answer = () => slow.promise;
    const early = book.ofToken(TOKEN);
    book.forget();
    answer = async () => null;
    expect(await book.ofToken(TOKEN)).toBeUndefined();
    slow.resolve(account);
    await early;
    expect(await book.ofToken(TOKEN)).toBeUndefined();
    expect(asked).toHaveLength(4);
  });

  test("remembers no stranger and no failure, and asks nothing about what is no token", async () => {
    answer = async () => null;
    expect(await book.ofToken(TOKEN)).toBeUndefined();
    answer = () => Promise.reject(new Error("away"));
    await expect(book.ofToken(TOKEN)).rejects.toThrow("away");
    answer = async () => account;
    expect(await book.ofToken(TOKEN)).toBeDefined();
    expect(asked).toHaveLength(3);
    for (const text of ["", "apium_", `${TOKEN}x`, `x${TOKEN}`]) expect(await book.ofToken(text)).toBeUndefined();
    expect(asked).toHaveLength(3);
  });

  test("remembers so many and no more, the oldest leaving first", async () => {
    const one = (n: number) => book.ofKey(`token:${n}`);
    for (let n = 0; n <= 5_000; n += 1) await one(n);
    asked.length = 0;
    await one(5_000);
    await one(1);
    expect(asked).toEqual([]);
    await one(0);
    expect(asked).toHaveLength(1);
  });

  test("never remembers a password", async () => {
    await book.ofPassword("login", "password");
    await book.ofPassword("login", "password");
    expect(asked).toHaveLength(2);
  });
});
