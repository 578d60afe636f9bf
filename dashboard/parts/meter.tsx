// How full something is; the colour says when that is a worry.
export interface MeterProps {
  /** 0–1. */
  readonly fraction: number;
  readonly label: string;
  /** From where on it is a worry, and from where on it is bad. Default: never. */
  readonly warnAt?: number;
  readonly badAt?: number;
}

export function Meter({ fraction, label, warnAt = 2, badAt = 2 }: MeterProps) {
  const shown = Math.min(1, Math.max(0, fraction));
  const tone = fraction >= badAt ? "bad" : fraction >= warnAt ? "warn" : "";
  return (
    // biome-ignore lint/a11y/useSemanticElements: no two browsers let a <meter> look alike.
    <div
      class={`meter ${tone}`}
      role="meter"
      aria-label={label}
      aria-valuenow={Math.round(shown * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
      title={label}
    >
      <i style={{ width: `${shown * 100}%` }} />
    </div>
  );
}
