// What the API that answers this page offers, by its own description: while versions are being exchanged a page may know
// more than the gateway it asks. What is not offered is neither asked for nor shown.
import { signal } from "@preact/signals";

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: { readonly properties?: object } }>>;
  };
}

const AGAIN_AFTER_MS = 3_000;

type Offered = ReadonlyMap<string, ReadonlySet<string>>;
const offered = signal<Offered | undefined>(undefined);
let asked: Promise<void> | undefined;

/**
 * Whether there is such an endpoint, with such a parameter or field. Read while drawing, it is drawn anew once it is known.
 * @param endpoint - as the API's own table writes it: `GET /tasks/:id/logs`.
 * @returns `undefined` until it is known.
 */
export function offers(endpoint: string, name?: string): boolean | undefined {
  asked ??= learn();
  const names = offered.value?.get(endpoint);
  if (offered.value === undefined) return undefined;
  return names !== undefined && (name === undefined || names.has(name));
}

/** For what happens at a click: waits until it is known. */
export async function whetherOffered(endpoint: string, name?: string): Promise<boolean> {
  asked ??= learn();
  await asked;
  return offers(endpoint, name) === true;
}

async function learn(): Promise<void> {
  try {
    const response = await fetch("/openapi.json");
    const { paths } = (await response.json()) as {
      paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    };
    offered.value = new Map(
      Object.entries(paths).flatMap(([path, operations]) =>
        Object.entries(operations).map(
          ([method, operation]) => [endpointOf(method, path), namesOf(operation)] as const,
        ),
      ),
    );
  } catch {
    setTimeout(() => {
      asked = learn();
    }, AGAIN_AFTER_MS);
  }
}

function endpointOf(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace("/api/v1", "").replaceAll(/\{(\w+)\}/g, ":$1")}`;
}

function namesOf({ parameters = [], requestBody }: Operation): ReadonlySet<string> {
  const bodies = Object.values(requestBody?.content ?? {});
  const fields = bodies.flatMap(({ schema }) => Object.keys(schema?.properties ?? {}));
  return new Set([...parameters.map(({ name }) => name), ...fields]);
}
