/** Phones of people, on a gateway with the mobile service and the rooms behind it. */
import { escalationModule } from "../../services/escalation/index.ts";
import { SYNC_TABLES } from "../../services/facility/sync-tables.ts";
import { RECEIVERS } from "../../services/index.ts";
import { jobsModule } from "../../services/jobs/index.ts";
import { mediaModule } from "../../services/media/index.ts";
import { mobileModule } from "../../services/mobile/index.ts";
import type { ServiceModule } from "../../services/service-module.ts";
import { type AccountsGateway, startAccountsGateway, TOKENS } from "./accounts.ts";
import type { Backend } from "./backends.ts";
import type { Facility } from "./facility.ts";

// biome-ignore lint/suspicious/noExplicitAny: an answer of GraphQL, read field by field.
type Any = any;

export interface GraphqlAnswered {
  readonly status: number;
  readonly data: Any;
  readonly errors: Any;
  readonly extensions: Any;
}

export interface Phone {
  readonly personId: number;
  readonly loginId: string;
  readonly deviceId: string;
  readonly token: string;
  readonly refreshToken: string;
  graphql(query: string, variables?: object): Promise<GraphqlAnswered>;
  rest(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly body: Any }>;
}

export interface Phones extends AccountsGateway {
  graphql(query: string, variables?: object, token?: string): Promise<GraphqlAnswered>;
  /** Of a new person at the site; signed in. */
  phoneAt(siteId: number, columns?: object): Promise<Phone>;
}

export const PASSWORD = "correct horse battery staple";

export const SIGN_IN = `mutation SignIn($input: AuthInput!) {
  tokenAuth(input: $input) { token expiresIn refreshToken user { personId clientId deviceId name } } }`;

const OUTPUT = "{ rc recordcount msg traceback uuids records { uuid rc outcome storedAs code msg fields } }";
/** A mutation on records, as phones send it. */
export const recordsMutation = (name: string) =>
  `mutation M($records: [JSON!]!) { ${name}(records: $records) ${OUTPUT} }`;

export interface PhonesOptions {
  readonly modules?: readonly ServiceModule[];
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startPhones(
  backend: Backend,
  facility: Facility,
  { modules = [], environment = {} }: PhonesOptions = {},
): Promise<Phones> {
  const gateway = await startAccountsGateway(backend, {
    modules: [
      jobsModule,
      escalationModule,
      mediaModule,
      mobileModule({ receivers: RECEIVERS, tables: SYNC_TABLES }),
      ...modules,
    ],
    queues: ["high_priority", "external_api"],
    environment,
  });
  let made = 0;
  const graphql: Phones["graphql"] = async (query, variables, token) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, ...(variables === undefined ? {} : { variables }) }),
    });
    return { status: response.status, ...((await response.json()) as Omit<GraphqlAnswered, "status">) };
  };
  return {
    ...gateway,
    graphql,
    async phoneAt(siteId, columns = {}) {
      made += 1;
      const [loginId, deviceId] = [`guard-${siteId}-${made}`, `device-${siteId}-${made}`];
      const personId = await facility.makePerson(siteId, { login_id: loginId, ...columns });
      await gateway.ask(TOKENS.admin, "POST", `/people/${personId}/password`, { password: PASSWORD });
      const input = { loginid: loginId, password: PASSWORD, deviceid: deviceId };
      const { data, errors } = await graphql(SIGN_IN, { input });
      if (errors !== undefined) throw new Error(`no sign-in: ${JSON.stringify(errors)}`);
      const { token, refreshToken } = data.tokenAuth;
      return {
        ...{ personId, loginId, deviceId, token, refreshToken },
        graphql: (query, variables) => graphql(query, variables, token),
        rest: (method, path, body) => gateway.ask(token, method, path, body),
      };
    },
  };
}
