// What a vendor's service was worth, from the scores of its KPIs. Pure; results are percentages, undefined where nothing was
// scored: a KPI that nobody answered counts neither for nor against.

/** Of KPIs that do not say what the best score is. */
export const BEST_SCORE = 10;

export interface Kpi {
  readonly answer: string | null;
  readonly best: number | null;
}

export interface ScoredSection {
  /** Against the other sections'; null counts as 1 where none has any. */
  readonly weightage: number | null;
  readonly kpis: readonly Kpi[];
}

/** Scores above the best are the best, those below nothing are nothing; words are no score. */
export function kpiScore({ answer, best }: Kpi): number | undefined {
  const score = answer === null || answer.trim() === "" ? Number.NaN : Number(answer);
  if (!Number.isFinite(score)) return undefined;
  const most = best !== null && best > 0 ? best : BEST_SCORE;
  return Math.min(100, Math.max(0, (score / most) * 100));
}

/** The mean of its KPIs. */
export function sectionScore({ kpis }: ScoredSection): number | undefined {
  const scores = kpis.flatMap((kpi) => kpiScore(kpi) ?? []);
  return scores.length === 0 ? undefined : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** The mean of the sections by their weightage. */
export function overallScore(sections: readonly ScoredSection[]): number | undefined {
  const isWeighted = sections.some(({ weightage }) => weightage !== null);
  let sum = 0;
  let weights = 0;
  for (const section of sections) {
    const score = sectionScore(section);
    const weight = isWeighted ? (section.weightage ?? 0) : 1;
    if (score === undefined) continue;
    sum += score * weight;
    weights += weight;
  }
  return weights === 0 ? undefined : sum / weights;
}
