export { EndBook } from "./end-book.ts";
export { seriesQuery } from "./query.ts";
export type { EndFigures, NameFigures } from "./read-ends.ts";
export { type DepthPoint, type EndPoint, Series, type SeriesView, type TaskCounts } from "./series.ts";
