// A QR code as dark runs of modules, row by row: few shapes, sharp at any size.
import { create } from "qrcode";

export interface QrRuns {
  /** Modules to an edge, without the quiet zone. */
  readonly size: number;
  readonly runs: readonly { readonly x: number; readonly y: number; readonly length: number }[];
}

/** Undefined where a code cannot hold the text: there is none, or it is longer than some 2 300 bytes. */
export function qrRuns(payload: string): QrRuns | undefined {
  const modules = tryCreate(payload);
  if (modules === undefined) return undefined;
  const { size, data } = modules;
  const runs: { x: number; y: number; length: number }[] = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (!data[y * size + x]) continue;
      const start = x;
      while (x < size && data[y * size + x]) x++;
      runs.push({ x: start, y, length: x - start });
    }
  }
  return { size, runs };
}

function tryCreate(payload: string): { size: number; data: Uint8Array } | undefined {
  try {
    return create(payload, { errorCorrectionLevel: "M" }).modules;
  } catch {
    return undefined;
  }
}
