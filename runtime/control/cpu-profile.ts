// A CPU profile of this process for Chrome's developer tools, as a file in the data folder. The name is made here: nobody
// says where it goes. One at a time; some percent slower while it lasts.
import { mkdir, writeFile } from "node:fs/promises";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import type { Clock } from "../contract/clock.ts";
import { sleep } from "../contract/clock.ts";
import { ApiumError } from "../contract/errors.ts";

export const LONGEST_PROFILE_S = 30;

export interface CpuProfile {
  /** Below the data folder of the worker's process. */
  readonly file: string;
  readonly bytes: number;
  readonly seconds: number;
  /** Functions the time went to, the most first, as shares of it. */
  readonly top: readonly { readonly function: string; readonly place: string; readonly share: number }[];
}

let isRunning = false;

/** @throws ApiumError `SERVICE_UNAVAILABLE` while another one is taken, or when the file cannot be written. */
export async function profileCpu(
  { clock, dataDir }: { readonly clock: Clock; readonly dataDir: string },
  seconds: number,
): Promise<CpuProfile> {
  if (isRunning) throw new ApiumError("SERVICE_UNAVAILABLE", "a profile of this process is being taken already");
  isRunning = true;
  const session = new Session();
  try {
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.start");
    await sleep(clock, seconds * 1_000);
    const { profile } = await session.post("Profiler.stop");
    const text = JSON.stringify(profile);
    const at = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, "-");
    const name = `cpu-${at}-${process.pid}.cpuprofile`;
    const folder = join(dataDir, "profiles");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, name), text, { mode: 0o600, flag: "wx" });
    return { file: `profiles/${name}`, bytes: Buffer.byteLength(text), seconds, top: topOf(profile as Profile) };
  } catch (cause) {
    if (cause instanceof ApiumError) throw cause;
    throw new ApiumError("SERVICE_UNAVAILABLE", "the profile could not be taken or written", { cause });
  } finally {
    session.disconnect();
    isRunning = false;
  }
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly hitCount?: number;
  }[];
}

const TOP_FUNCTIONS = 10;

function topOf({ nodes }: Profile): CpuProfile["top"] {
  const hits = new Map<string, { function: string; place: string; hits: number }>();
  let all = 0;
  for (const { callFrame, hitCount = 0 } of nodes) {
    if (hitCount === 0) continue;
    all += hitCount;
    const { functionName, url, lineNumber } = callFrame;
    const place = url === "" ? "(engine)" : `${url.split("/").slice(-2).join("/")}:${lineNumber + 1}`;
    const key = `${functionName} ${place}`;
    const before = hits.get(key)?.hits ?? 0;
    hits.set(key, { function: functionName === "" ? "(anonymous)" : functionName, place, hits: before + hitCount });
  }
  return [...hits.values()]
    .sort((a, b) => b.hits - a.hits)
    .slice(0, TOP_FUNCTIONS)
    .map(({ hits: own, ...where }) => ({ ...where, share: Math.round((own / all) * 1_000) / 1_000 }));
}
