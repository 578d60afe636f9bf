/** The units as systemd reads them. Where there is no systemd there is nobody to ask, and nobody who would start them. */
import { execFile } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "@jest/globals";
import { findBinary } from "../support/servers/find-binary.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const UNITS = fileURLToPath(new URL("../../deploy/systemd", import.meta.url));
const analyze = findBinary("systemd-analyze");
const folder = temporaryFolder();
afterAll(() => folder.remove());

(analyze === undefined ? test.skip : test)(
  "systemd finds nothing wrong with the units",
  async () => {
    cpSync(UNITS, folder.path, { recursive: true });
    const files = ["apium@gateway.service", "apium.target"].map((name) => join(folder.path, name));
    const { stdout, stderr } = await promisify(execFile)(analyze ?? "", ["verify", "--man=no", ...files]);
    const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("apium"));
    expect(ours).toEqual([]);
  },
  120_000,
);
