/** How renders end before their time, and that nothing is left of them: no file, no thread, no iterator that waits. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Format, ReportDocument, Row, Rows } from "../../services/reports/document.ts";
import { openRenderer } from "../../services/reports/render/index.ts";
import type { Renderer } from "../../services/reports/rendering.ts";

let folder = "";
let renderer: Renderer;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "apium-isolation-"));
  renderer = openRenderer();
});
afterEach(async () => {
  await renderer.close();
  rmSync(folder, { recursive: true });
});

const ROW: Row = { a: "some text in a cell", b: 42 };
const head = { title: "T", clientName: "C", facts: [], timezone: "UTC", generatedAt: "2026-01-05T06:20:00Z" };
const document = (rows: Rows): ReportDocument => ({
  ...head,
  sections: [
    {
      kind: "table",
      columns: [
        { key: "a", title: "A", kind: "text" },
        { key: "b", title: "B", kind: "decimal" },
      ],
      rows,
    },
  ],
});
const file = (format: Format = "csv") => join(folder, `report.${format}`);

/** Batches without an end. Tells when it was told that nothing more is wanted. */
function endless(): { rows: AsyncIterable<readonly Row[]>; asked: () => number; closed: Promise<void> } {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let asked = 0;
  async function* rows(): AsyncGenerator<readonly Row[]> {
    try {
      for (;;) {
        asked++;
        yield Array.from({ length: 500 }, (_, row) => ({ ...ROW, b: Math.sin(asked * 500 + row) }));
      }
    } finally {
      resolve();
    }
  }
  return { rows: rows(), asked: () => asked, closed };
}

/** Never gives an item. */
const stuck: AsyncIterable<readonly Row[]> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
};

/** Drawing it takes hundreds of megabytes and seconds. */
function heavyChart(): ReportDocument {
  const categories = Array.from({ length: 1_200_000 }, (_, index) => `category number ${index}`);
  const chart = {
    kind: "bar",
    title: "Heavy",
    categories,
    series: [{ name: "s", values: categories.map(() => 1) }],
  } as const;
  return { ...head, sections: [{ kind: "table", columns: [], rows: [], chart }] };
}

describe("a render that is ended", () => {
  test.each<Format>(["csv", "xlsx", "pdf"])(
    "by its signal throws the reason, and leaves nothing (%s)",
    async (format) => {
      const ending = new AbortController();
      const { rows, closed } = endless();
      const reason = new Error("revoked");
      const onRows = (count: number) => count > 5_000 && ending.abort(reason);
      await expect(
        renderer.render(document(rows), format, file(format), { signal: ending.signal, onRows }),
      ).rejects.toBe(reason);
      await closed;
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test("before it began reads nothing", async () => {
    const { rows, asked } = endless();
    const signal = AbortSignal.abort(new Error("too late"));
    await expect(renderer.render(document(rows), "csv", file(), { signal })).rejects.toThrow("too late");
    expect(asked()).toBe(0);
  });

  test("by its time, while it reads and while rows do not come", async () => {
    // Longer where a slow machine's thread was not there yet: rows that nobody has asked for are not closed either.
    for (let timeMs = 400, hasRead = false; !hasRead; timeMs *= 2) {
      const { rows, asked, closed } = endless();
      const rendered = renderer.render(document(rows), "json", file(), { limits: { timeMs } });
      await expect(rendered).rejects.toMatchObject({ code: "REPORT_TIMEOUT" });
      hasRead = asked() > 0;
      if (hasRead) await closed;
    }
    const limits = { timeMs: 400 };
    await expect(renderer.render(document(stuck), "csv", file(), { limits })).rejects.toMatchObject({
      code: "REPORT_TIMEOUT",
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("by its time, in the middle of drawing without a pause", async () => {
    const limits = { timeMs: 1_200, memoryMb: 4_000 };
    const rendered = renderer.render(heavyChart(), "pdf", file("pdf"), { limits });
    await expect(rendered).rejects.toMatchObject({ code: "REPORT_TIMEOUT" });
    expect(readdirSync(folder)).toEqual([]);
  });

  test("by its memory leaves the process and the other renders alive", async () => {
    const limits = { memoryMb: 24 };
    const beside = renderer.render(document([[ROW]]), "csv", file());
    const heavy = renderer.render(heavyChart(), "pdf", file("pdf"), { limits });
    await expect(heavy).rejects.toMatchObject({ code: "REPORT_TOO_LARGE", details: { memoryMb: 24 } });
    await expect(beside).resolves.toMatchObject({ rows: 1 });
    expect(readdirSync(folder)).toEqual(["report.csv"]);
  });

  test.each<Format>(["csv", "json", "html", "xlsx", "pdf"])("by the size of its file (%s)", async (format) => {
    const { rows, closed } = endless();
    const rendered = renderer.render(document(rows), format, file(format), { limits: { bytes: 200_000 } });
    await expect(rendered).rejects.toMatchObject({ code: "REPORT_TOO_LARGE", details: { maxBytes: 200_000 } });
    await closed;
    expect(readdirSync(folder)).toEqual([]);
  });

  test("by its rows throws what they threw, and closes the sections", async () => {
    const error = new Error("the database is away");
    let isClosed = false;
    function* sections() {
      try {
        for (;;) yield* document(failing()).sections as Iterable<never>;
      } finally {
        isClosed = true;
      }
    }
    async function* failing(): AsyncGenerator<readonly Row[]> {
      yield [ROW];
      throw error;
    }
    await expect(renderer.render({ ...head, sections: sections() }, "csv", file())).rejects.toBe(error);
    expect(isClosed).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("by a cell that cannot be sent, or by a zone that does not exist, says why", async () => {
    const odd = [[{ a: (() => undefined) as unknown as string }]];
    const failed = { code: "REPORT_RENDER_FAILED" };
    await expect(renderer.render(document(odd), "csv", file())).rejects.toMatchObject(failed);
    const nowhere = { ...document([]), timezone: "No/Such" };
    await expect(renderer.render(nowhere, "pdf", file("pdf"))).rejects.toMatchObject({
      ...failed,
      message: expect.stringContaining('"No/Such" is not a time zone'),
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("the disk", () => {
  test("that cannot be written fails the render with its cause", async () => {
    const rendered = renderer.render(document([[ROW]]), "csv", join(folder, "missing", "report.csv"));
    await expect(rendered).rejects.toMatchObject({ code: "REPORT_RENDER_FAILED", cause: { code: "ENOENT" } });
  });

  test("that refuses the new name leaves the old thing there, and no temporary file", async () => {
    const { mkdirSync } = await import("node:fs");
    mkdirSync(file());
    writeFileSync(join(file(), "kept"), "");
    await expect(renderer.render(document([[ROW]]), "csv", file())).rejects.toMatchObject({
      code: "REPORT_RENDER_FAILED",
    });
    expect(readdirSync(folder)).toEqual(["report.csv"]);
  });

  const onPosix = process.platform === "win32" ? test.skip : test;
  onPosix.each<Format>(["csv", "xlsx", "pdf"])("that takes no more in the middle of %s leaves no file", (format) => {
    const index = fileURLToPath(new URL("../../services/reports/render/index.ts", import.meta.url));
    const script = `
      const { openRenderer } = await import(${JSON.stringify(index)});
      const rows = (function* () { for (let batch = 0; batch < 400; batch++) yield Array.from({ length: 500 }, (_, row) => ({ a: Math.sin(batch * 500 + row) })); })();
      const columns = [{ key: "a", title: "A", kind: "decimal" }];
      const head = { title: "T", clientName: "C", facts: [], timezone: "UTC", generatedAt: "2026-01-05T06:20:00Z" };
      const document = { ...head, sections: [{ kind: "table", columns, rows }] };
      const error = await openRenderer().render(document, "${format}", ${JSON.stringify(file(format))}).catch((error) => error);
      console.log(JSON.stringify({ code: error.code, cause: error.cause?.code }));`;
    // A limit on the size of files: writing fails as on a disk that is full, in the midst of things.
    const command = `trap '' XFSZ; ulimit -f 100; exec "$0" --input-type=module -e "$1"`;
    const said = execFileSync("bash", ["-c", command, process.execPath, script], {
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    });
    expect(JSON.parse(said)).toEqual({ code: "REPORT_RENDER_FAILED", cause: "EFBIG" });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("the line", () => {
  test("lets as many draw as there are places, and the next when one is done", async () => {
    const narrow = openRenderer({ threads: 1 });
    const ending = new AbortController();
    const first = endless();
    const drawing = narrow.render(document(first.rows), "csv", file(), { signal: ending.signal });
    const second = endless();
    const waitingEnd = new AbortController();
    const leaving = narrow.render(document(second.rows), "csv", file(), { signal: waitingEnd.signal });
    const third = narrow.render(document([[ROW]]), "json", file("json"));
    waitingEnd.abort(new Error("left the line"));
    await expect(leaving).rejects.toThrow("left the line");
    expect(second.asked()).toBe(0);
    expect(existsSync(file("json"))).toBe(false);
    ending.abort(new Error("done"));
    await expect(drawing).rejects.toThrow("done");
    await expect(third).resolves.toMatchObject({ rows: 1 });
    await narrow.close();
  });

  test("and all that draw end when the renderer is closed", async () => {
    const narrow = openRenderer({ threads: 1 });
    const drawing = narrow.render(document(endless().rows), "csv", file());
    const waiting = narrow.render(document([[ROW]]), "json", file("json"));
    const ends = Promise.allSettled([drawing, waiting]);
    await narrow.close();
    const closed = { status: "rejected", reason: expect.objectContaining({ code: "REPORT_RENDER_FAILED" }) };
    expect(await ends).toEqual([closed, closed]);
    expect(readdirSync(folder)).toEqual([]);
    await expect(narrow.render(document([[ROW]]), "csv", file())).rejects.toMatchObject({
      code: "REPORT_RENDER_FAILED",
    });
  });

  test("reads ahead of the thread by a few batches at most", async () => {
    const { rows, asked } = endless();
    const ending = new AbortController();
    let counted = 0;
    const onRows = (count: number) => {
      counted = count / 500;
      expect(asked() - counted).toBeLessThanOrEqual(1);
      if (counted === 40) ending.abort(new Error("enough"));
    };
    await expect(
      renderer.render(document(rows), "pdf", file("pdf"), { onRows, signal: ending.signal }),
    ).rejects.toThrow("enough");
    expect(counted).toBe(40);
  });
});
