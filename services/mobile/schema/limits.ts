// What a GraphQL request may ask for: how long, how deep, how much; and which kind of operation it is. What is refused is
// refused before anything runs.
import {
  type DocumentNode,
  type FieldNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  specifiedRules,
  validate,
} from "graphql";
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from "graphql-query-complexity";
import { ApiumError } from "../../../runtime/index.ts";

export const MOST_TEXT = 64 * 1024;
export const DEEPEST = 10;
export const MOST_COST = 5_000;
/** At the top of the operation; each is a query of its own, or a mutation. */
export const MOST_FIELDS = 30;
const MOST_TOKENS = 5_000;
const MOST_PROBLEMS = 5;

export interface Checked {
  readonly document: DocumentNode;
  readonly kind: "query" | "mutation";
  /** Names of the fields at the top. */
  readonly fields: readonly string[];
}

/** @throws ApiumError `QUERY_INVALID`, `QUERY_TOO_COSTLY`. */
export function readDocument(text: string, operationName: string | undefined): Checked {
  if (Buffer.byteLength(text) > MOST_TEXT) throw tooCostly(`the text is longer than ${MOST_TEXT} bytes`);
  let document: DocumentNode;
  try {
    document = parse(text, { maxTokens: MOST_TOKENS, noLocation: true });
  } catch (cause) {
    const message = cause instanceof GraphQLError ? cause.message : "it does not parse";
    throw /token limit|Maximum call stack/i.test(message)
      ? tooCostly(message)
      : new ApiumError("QUERY_INVALID", message);
  }
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operations.length !== 1) throw invalid(`one operation is asked for at a time; there are ${operations.length}`);
  const operation = operations[0] as OperationDefinitionNode;
  if (operationName !== undefined && operation.name?.value !== operationName) {
    throw invalid(`there is no operation ${operationName}`);
  }
  if (operation.operation === "subscription") throw invalid("there are no subscriptions");
  refuseDepth(document, operation.selectionSet);
  const fields = operation.selectionSet.selections.map((selection) => {
    if (selection.kind !== Kind.FIELD) throw invalid("fragments are not taken at the top of an operation");
    return (selection as FieldNode).name.value;
  });
  if (fields.length > MOST_FIELDS) throw tooCostly(`${fields.length} fields at the top; ${MOST_FIELDS} are allowed`);
  return { document, kind: operation.operation, fields };
}

/** @throws ApiumError `QUERY_INVALID`, `QUERY_TOO_COSTLY`. */
export function checkAgainst(
  schema: GraphQLSchema,
  { document }: Checked,
  variables: Readonly<Record<string, unknown>>,
  { hasIntrospection }: { readonly hasIntrospection: boolean },
): void {
  const rules = hasIntrospection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const problems = validate(schema, document, rules, { maxErrors: MOST_PROBLEMS });
  if (problems.length > 0) throw invalid(problems.map(({ message }) => message).join(" "));
  let cost: number;
  try {
    const estimators = [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })];
    cost = getComplexity({ schema, query: document, variables: { ...variables }, estimators });
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : "it cannot be priced");
  }
  if (cost > MOST_COST)
    throw tooCostly(`it costs ${Math.round(cost)}; ${MOST_COST} are allowed: ask for fewer rows or fields`);
}

/** Spreads are followed; a circle of fragments is deeper than anything. */
function refuseDepth(document: DocumentNode, selections: SelectionSetNode): void {
  const fragments = new Map(
    document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])),
  );
  let seen = 0;
  const visit = (set: SelectionSetNode, depth: number): void => {
    if (depth > DEEPEST) throw tooCostly(`it is nested more than ${DEEPEST} levels deep`);
    for (const selection of set.selections) {
      seen += 1;
      if (seen > MOST_TOKENS) throw tooCostly("its fragments grow without bound");
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) visit(fragment.selectionSet, depth + 1);
      } else if (selection.selectionSet !== undefined) visit(selection.selectionSet, depth + 1);
    }
  };
  visit(selections, 1);
}

function invalid(message: string): ApiumError {
  return new ApiumError("QUERY_INVALID", message);
}

function tooCostly(message: string): ApiumError {
  return new ApiumError("QUERY_TOO_COSTLY", message);
}
