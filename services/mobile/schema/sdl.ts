// The schema of the mobile API, but for the tables that phones keep a copy of: those are read from the database's own
// catalogue (`copies.ts`), so that they cannot differ from it.

export const SDL = /* GraphQL */ `
  "Any JSON value."
  scalar JSON
  "A whole number up to 2^53."
  scalar Long

  type Query {
    "Who this token stands for."
    me: Me!
    "What became of messages that were stored for later, of this person only."
    messageStatus(taskIds: [ID!]!): [MessageStatus!]!
  }

  type Mutation {
    "Signs in with a login and a password. The device is named so that its session can be ended."
    tokenAuth(input: AuthInput!): Session!
    refreshToken(refreshToken: String!): Session!
    "Ends the session of this device: its tokens are worthless from now on."
    logoutUser: LoggedOut!

    "Rows of the tables that phones write; each names its table as tablename."
    insertRecord(records: [JSON!]!): RecordsOutput!
    "How far given work is: status, times, answers (details)."
    updateTaskTour(records: [JSON!]!): RecordsOutput!
    "Work that came up."
    adhocRecord(records: [JSON!]!): RecordsOutput!
    "Site and incident reports, with their sections."
    uploadReport(records: [JSON!]!): RecordsOutput!
    "A file of up to 1 MB within the message: base64, or a list of bytes. Larger ones: POST /api/v1/attachments."
    uploadAttachment(content: String, bytes: [Int!], biodata: JSON!, record: JSON): RecordsOutput!

    "insertRecord, stored now and run later."
    insertJson(jsondata: [JSON!]!, tablename: String!): Accepted!
    "Any of the mutations on records, stored now and run later."
    enqueueMutation(mutation: String!, variables: JSON, uuids: [ID!], serviceName: String, messageId: String): Accepted!
  }

  input AuthInput {
    "Code of the client; where it is given it must be the person's."
    clientcode: String
    loginid: String!
    password: String!
    deviceid: String!
  }

  type Me {
    personId: Long!
    clientId: Long!
    deviceId: String
    name: String!
  }

  type Session {
    token: String!
    "Seconds."
    expiresIn: Int!
    refreshToken: String!
    user: Me!
  }

  type LoggedOut {
    success: Boolean!
  }

  type RecordOutcome {
    uuid: ID
    "0: stored. 1: refused, see msg and fields; the other records are not affected."
    rc: Int!
    "created, updated or unchanged."
    outcome: String
    "The row it became part of, where that is another: an ad-hoc report of work that was scheduled."
    storedAs: ID
    code: String
    msg: String!
    fields: JSON
  }

  type RecordsOutput {
    "0: every record is stored. 1: at least one was refused."
    rc: Int!
    "Records that are stored."
    recordcount: Int!
    msg: String!
    "Always null: what fails inside stays inside."
    traceback: String
    "Of the records that are stored: copies on the phone may go."
    uuids: [ID!]!
    records: [RecordOutcome!]!
    "The same, as the original's phones ask for it."
    output: RecordsOutput!
  }

  type Accepted {
    taskId: ID!
    status: String!
    uuids: [ID!]!
    serviceName: String
    "The message was here already."
    isRepeat: Boolean!
    rc: Int!
    msg: String!
  }

  type MessageStatus {
    taskId: ID!
    "PENDING, SUCCESS, FAILURE or UNKNOWN."
    status: String!
    result: JSON
  }
`;

/** Answered at once; none of them can be stored for later. */
export const DIRECT_MUTATIONS = ["tokenAuth", "refreshToken", "logoutUser", "insertJson", "enqueueMutation"] as const;
/** Of these a caller without a token may ask. */
export const PUBLIC_MUTATIONS = ["tokenAuth", "refreshToken"] as const;
/** Stored first, then run, whichever way they come. */
export const RECORD_MUTATIONS = [
  ...["insertRecord", "updateTaskTour", "adhocRecord", "uploadReport", "uploadAttachment"],
] as const;
