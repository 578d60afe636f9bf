/**
 * `column = value`, as a condition that only an index on `column` can serve. An equality may be turned around: under a plan
 * that was made while the table was empty the table is read whole, and each of its rows is compared with each of the list;
 * such a plan is kept for as long as the connection lives (ADR 5). This one cannot, as no order of rows is of use to it.
 */
export function byIndex(column: string, value: string): string {
  return `${column} = any(array[${value}])`;
}
