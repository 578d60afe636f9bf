// What the operating system has counted for this process since it began: time on the CPU, memory at its highest, page
// faults, reads and writes, and how often it gave the CPU away or lost it.

export interface ProcessUsage {
  readonly userCpuMs: number;
  readonly systemCpuMs: number;
  readonly maxRssBytes: number;
  readonly minorPageFaults: number;
  readonly majorPageFaults: number;
  readonly fsReads: number;
  readonly fsWrites: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
}

export function processUsage(): ProcessUsage {
  const usage = process.resourceUsage();
  return {
    userCpuMs: Math.round(usage.userCPUTime / 1_000),
    systemCpuMs: Math.round(usage.systemCPUTime / 1_000),
    maxRssBytes: usage.maxRSS * 1_024,
    minorPageFaults: usage.minorPageFault,
    majorPageFaults: usage.majorPageFault,
    fsReads: usage.fsRead,
    fsWrites: usage.fsWrite,
    voluntarySwitches: usage.voluntaryContextSwitches,
    involuntarySwitches: usage.involuntaryContextSwitches,
  };
}
