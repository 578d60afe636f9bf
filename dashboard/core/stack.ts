// A stack in frames, and which of them are one's own: what happens in packages and in Node is seldom where the mistake is.

export interface Frame {
  /** What is called, where the stack tells it. */
  readonly call: string;
  /** File, line and column. */
  readonly place: string;
  readonly isOwn: boolean;
}

const FRAME = /^\s+at (?:(.*?) \((.*)\)|(.*))$/;

export function framesOf(stack: string): readonly Frame[] {
  return stack.split("\n").flatMap((line) => {
    const [whole, call, place, placeAlone] = FRAME.exec(line) ?? [];
    if (whole === undefined) return [];
    const where = (place ?? placeAlone ?? "").replace(/^file:\/\//, "");
    const isOwn = !where.startsWith("node:") && !where.includes("/node_modules/") && where !== "<anonymous>";
    return [{ call: call ?? "", place: where, isOwn }];
  });
}

/** Frames in stretches: one's own, or others'. */
export function stretchesOf(frames: readonly Frame[]): readonly (readonly Frame[])[] {
  const stretches: Frame[][] = [];
  for (const frame of frames) {
    const last = stretches.at(-1);
    if (last?.[0]?.isOwn === frame.isOwn) last.push(frame);
    else stretches.push([frame]);
  }
  return stretches;
}
