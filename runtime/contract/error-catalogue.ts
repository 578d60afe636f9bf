// The catalogue of everything Apium can refuse or fail with.
// One entry a code: what it means, the HTTP status it becomes, whether trying again can help, and the operator's
// next step. `docs/reference/errors.md` is checked against this file by a test, so neither can drift.

export interface ErrorEntry {
  /** HTTP status at the gateway. */
  readonly status: number;
  /** True where the same request may succeed later without anybody changing it. */
  readonly retryable: boolean;
  readonly meaning: string;
  readonly step: string;
}

export const ERRORS = {
  PARAMS_INVALID: {
    status: 422,
    retryable: false,
    meaning: "The parameters do not fit the task's or the endpoint's schema.",
    step: "Correct the fields named in `fields`.",
  },
  OPTIONS_INVALID: {
    status: 422,
    retryable: false,
    meaning: "An enqueue option has a value that is not allowed.",
    step: "Correct the fields named in `fields`.",
  },
  PARAMS_TOO_LARGE: {
    status: 413,
    retryable: false,
    meaning: "The parameters are larger than a task may carry (256 KiB of JSON).",
    step: "Store the data and pass its id instead.",
  },
  RESULT_TOO_LARGE: {
    status: 500,
    retryable: false,
    meaning: "The handler returned more than a result may hold (1 MiB of JSON).",
    step: "Store the data and return its id instead.",
  },
  RESULT_NOT_JSON: {
    status: 500,
    retryable: false,
    meaning: "The handler returned something JSON cannot express (a cycle, a BigInt).",
    step: "Return plain data.",
  },
  TASK_UNKNOWN: {
    status: 404,
    retryable: false,
    meaning: "No task of this name is defined in the process that was asked to enqueue or run it.",
    step: "Check the spelling; start a worker that carries the task, then requeue the dead letter.",
  },
  TASK_NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "There is no task with this id: it never existed, or its history has been pruned.",
    step: "Check the id and HISTORY_RETENTION.",
  },
  TASK_ID_CONFLICT: {
    status: 409,
    retryable: false,
    meaning: "The given taskId or idempotency key was already used for another task or other parameters.",
    step: "Use a new one, or send exactly what was sent before.",
  },
  UNIQUE_KEY_CONFLICT: {
    status: 409,
    retryable: false,
    meaning: "An unfinished task already holds this uniqueKey.",
    step: "Wait for the task named in `details.taskId`, or use onConflict: 'return'.",
  },
  TASK_NOT_FINISHED: {
    status: 409,
    retryable: true,
    meaning: "The task has not reached a final state yet.",
    step: "Wait for it, or revoke it first.",
  },
  TASK_FINISHED: {
    status: 409,
    retryable: false,
    meaning: "The task has already reached a final state.",
    step: "Nothing: it cannot be changed any more; retry it to run it again as a new task.",
  },
  TASK_RETRIED: {
    status: 409,
    retryable: false,
    meaning: "The task has been run again already, as a new one.",
    step: "Look at the task it became; run that one again if it failed, too.",
  },
  TASK_NOT_MEANT: {
    status: 409,
    retryable: false,
    meaning: "The task was named by its id, and the rest of the filter does not fit it.",
    step: "Leave the rest of the filter out, or the id.",
  },
  TASK_FAILED: {
    status: 500,
    retryable: false,
    meaning: "The task that was waited for ended in FAILURE or REVOKED.",
    step: "Look at the task's attempts and its dead letter.",
  },
  WAIT_TIMEOUT: {
    status: 504,
    retryable: true,
    meaning: "The task had not finished when the time to wait for it was over. It goes on.",
    step: "Ask for the task again later by its id.",
  },
  TASK_FENCED: {
    status: 409,
    retryable: false,
    meaning: "This run no longer owns its task: the lease was lost, or the task was handed to another attempt.",
    step: "Nothing: the late result was refused, and the newer attempt decides.",
  },
  TASK_REVOKED: {
    status: 409,
    retryable: false,
    meaning: "The task was revoked.",
    step: "Nothing, unless it was revoked by mistake: then retry it.",
  },
  TASK_REJECTED: {
    status: 422,
    retryable: false,
    meaning: "The handler rejected the task for good (it threw Reject).",
    step: "Read the reason, mend the cause, requeue the dead letter with an edited payload.",
  },
  SOFT_TIME_LIMIT: {
    status: 504,
    retryable: true,
    meaning: "The soft time limit passed; the handler's signal was aborted.",
    step: "Raise softTimeLimit or make the work smaller.",
  },
  HARD_TIME_LIMIT: {
    status: 504,
    retryable: true,
    meaning: "The hard time limit passed; the attempt was ended and its late effects are refused.",
    step: "Raise timeLimit, make the work smaller, or look for a hang.",
  },
  WORKER_LOST: {
    status: 500,
    retryable: true,
    meaning: "The worker died or fell silent while it ran this attempt.",
    step: "Look at the worker's log; after too many crashes the task becomes a dead letter.",
  },
  MEMORY_LIMIT: {
    status: 500,
    retryable: true,
    meaning: "The isolated process of this attempt used more memory than it may.",
    step: "Raise memoryLimitMb or make the work smaller.",
  },
  HANDLER_CRASHED: {
    status: 500,
    retryable: true,
    meaning: "The isolated thread or process of this attempt ended by itself.",
    step: "Look at the worker's log for its last words.",
  },
  HANDLER_FAILED: {
    status: 500,
    retryable: true,
    meaning: "The handler threw an error that carries no code of its own.",
    step: "Look at the error and stack of each attempt.",
  },
  CHILD_FAILED: {
    status: 500,
    retryable: false,
    meaning: "A child of this group, chain or chunked task failed, and its policy ends the whole.",
    step: "Look at the children; retry the parent or the failed child.",
  },
  MESSAGE_MALFORMED: {
    status: 400,
    retryable: false,
    meaning: "Bytes arrived on a task subject that are no task message.",
    step: "Find the publisher; the raw bytes (first 4 KiB) are in the dead letter.",
  },
  MESSAGE_VERSION: {
    status: 400,
    retryable: false,
    meaning: "A task message of a version this worker does not know arrived.",
    step: "Upgrade this worker, then requeue the dead letter.",
  },
  QUEUE_UNKNOWN: {
    status: 422,
    retryable: false,
    meaning: "No queue of this name exists.",
    step: "Use one of the queues named in the message.",
  },
  QUEUE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: "The delivery engine (NATS JetStream) does not answer. Tasks are still accepted.",
    step: "Check nats-server and its disk; delivery resumes by itself.",
  },
  STORE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: "The database does not answer, so nothing can be accepted.",
    step: "Check PostgreSQL; workers resume by themselves.",
  },
  STORE_TIMEOUT: {
    status: 503,
    retryable: true,
    meaning: "A statement took longer than it may.",
    step: "Look for locks and slow disks in PostgreSQL.",
  },
  QUERY_OUTSIDE_TRANSACTION: {
    status: 500,
    retryable: false,
    meaning: "Code that holds a transaction open asked the database outside of it; embedded, that would hang for ever.",
    step: "Use the transaction's own query methods, or hand the call the transaction with { tx }.",
  },
  DATA_DIR_LOCKED: {
    status: 500,
    retryable: false,
    meaning: "Another process uses this DATA_DIR. Two processes on one folder would lose data.",
    step: "Stop the other process, use another DATA_DIR, or set DATABASE_URL and NATS_URL for several processes.",
  },
  SETTINGS_INVALID: {
    status: 500,
    retryable: false,
    meaning: "A setting has a value that cannot be used; the start was stopped.",
    step: "Correct the settings named, one line each.",
  },
  DEFINITION_INVALID: {
    status: 500,
    retryable: false,
    meaning: "A task definition or a route is wrong.",
    step: "Correct the definition named in the message.",
  },
  RATE_NOTATION: {
    status: 422,
    retryable: false,
    meaning: "A rate limit is not written as count/unit.",
    step: "Write it like 10/s, 10/m, 10/h or 10/d.",
  },
  CRON_INVALID: {
    status: 422,
    retryable: false,
    meaning: "A cron expression cannot be read, or never happens.",
    step: "Correct the field the message names; it gives an example.",
  },
  ZONE_UNKNOWN: {
    status: 422,
    retryable: false,
    meaning: "There is no time zone of this name.",
    step: "Use an IANA name such as Asia/Kolkata, Europe/Berlin or UTC.",
  },
  SCHEDULE_NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "There is no schedule of this name.",
    step: "List the schedules; names are case-sensitive.",
  },
  SCHEDULE_EXISTS: {
    status: 409,
    retryable: false,
    meaning: "A schedule of this name exists already.",
    step: "Change that one, or choose another name.",
  },
  SCHEDULE_OF_CODE: {
    status: 409,
    retryable: false,
    meaning: "This schedule is defined in code: deleting it here would bring it back at the next start.",
    step: "Disable it, or take it out of the code.",
  },
  DURATION_NOTATION: {
    status: 422,
    retryable: false,
    meaning: "A duration is neither milliseconds nor a text such as 30s.",
    step: "Write it like 250ms, 30s, 5m, 2h, 1d or as a number of milliseconds.",
  },
  TOO_MANY_ATTEMPTS: {
    status: 429,
    retryable: true,
    meaning: "Too many sign-ins have failed from this address.",
    step: "Wait five minutes, then use the right token.",
  },
  CACHE_UNKNOWN: {
    status: 404,
    retryable: false,
    meaning: "There is no cache of this name.",
    step: "Use one of the names the message gives.",
  },
  CACHE_KEY_MISSING: {
    status: 404,
    retryable: false,
    meaning: "The cache has no such key, and the operation needs one.",
    step: "Store it first; cached values end with their ttl.",
  },
  CACHE_NOT_A_NUMBER: {
    status: 422,
    retryable: false,
    meaning: "The cached value is not a whole number that can be counted up or down.",
    step: "Use another key, or store a number.",
  },
  CACHE_LOCKED: {
    status: 409,
    retryable: true,
    meaning: "Somebody else holds the lock.",
    step: "Wait and try again; a lock ends with its ttl.",
  },
  CACHE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: "The cache's server is away, and the operation cannot be done without it.",
    step: "Bring Redis back; everything that can do without it goes on.",
  },
  DEAD_LETTER_NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "There is no dead letter with this id.",
    step: "List the dead letters again: somebody may have handled it.",
  },
  DEAD_LETTER_HANDLED: {
    status: 409,
    retryable: false,
    meaning: "This dead letter was already requeued or dismissed.",
    step: "Look at the task it became.",
  },
  UNAUTHENTICATED: {
    status: 401,
    retryable: false,
    meaning: "No valid token or session came with the request.",
    step: "Send Authorization: Bearer <token>.",
  },
  FORBIDDEN: {
    status: 403,
    retryable: false,
    meaning: "The token's role may not do this.",
    step: "Use a token of a role that may: viewer reads, operator steers, admin sets up.",
  },
  NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "There is nothing at this address.",
    step: "Check the path against /openapi.json.",
  },
  SERVICE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: "The service behind this endpoint runs nowhere just now, or did not answer in time.",
    step: "Start a process with it (SERVICES), or try again.",
  },
  REQUEST_MALFORMED: {
    status: 400,
    retryable: false,
    meaning: "The request's body is not JSON or its headers are wrong.",
    step: "Send a JSON object with Content-Type: application/json.",
  },
  REQUEST_TOO_LARGE: {
    status: 413,
    retryable: false,
    meaning: "The request's body is larger than the gateway accepts (1 MiB).",
    step: "Send less at once.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    retryable: false,
    meaning: "The address exists, but not with this method.",
    step: "Use one of the methods of the `allow` header.",
  },
  OBJECT_KEY_INVALID: {
    status: 422,
    retryable: false,
    meaning: "A file's key is not a relative path of plain segments.",
    step: "Use letters, digits, `.`, `_`, `-` and `/`; no `..`, no leading slash.",
  },
  OBJECT_NOT_FOUND: {
    status: 404,
    retryable: false,
    meaning: "The store has no file of this key: it was never written, or its retention has ended.",
    step: "Check the id; make the file again.",
  },
  OBJECT_TOO_LARGE: {
    status: 413,
    retryable: false,
    meaning: "The file is larger than may be stored there.",
    step: "Send a smaller file.",
  },
  OBJECT_STORE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: "The store of files did not answer, or refused the service's credentials.",
    step: "Check MEDIA_BUCKET, the credentials and the network; the work is tried again by itself.",
  },
  OBJECT_STORE_FULL: {
    status: 507,
    retryable: true,
    meaning: "The disk or the quota of the store of files is full. Nothing half-written was left.",
    step: "Free space; the work is tried again by itself.",
  },
  MEDIA_CONFLICT: {
    status: 409,
    retryable: false,
    meaning: "An attachment of this uuid exists with other content.",
    step: "Send the new content under a uuid of its own.",
  },
  MEDIA_TYPE_REFUSED: {
    status: 415,
    retryable: false,
    meaning: "The file's content is of no kind that attachments may have.",
    step: "Send an image, a PDF, audio, video or plain text.",
  },
  REPORT_UNKNOWN: {
    status: 404,
    retryable: false,
    meaning: "The catalogue has no report of this key.",
    step: "See `GET /api/v1/reports/catalogue`.",
  },
  REPORT_NOT_READY: {
    status: 409,
    retryable: true,
    meaning: "The report has no file: it is still being made, had no data, failed, or its retention has ended.",
    step: "Look at its status; order it again where it failed or expired.",
  },
  REPORT_TOO_LARGE: {
    status: 422,
    retryable: false,
    meaning: "The report would take more memory or a larger file than its limits allow.",
    step: "Choose a shorter period or fewer sites, or CSV.",
  },
  REPORT_TIMEOUT: {
    status: 504,
    retryable: true,
    meaning: "The report was not drawn within its time.",
    step: "Choose a shorter period or fewer sites, or CSV.",
  },
  REPORT_RENDER_FAILED: {
    status: 500,
    retryable: true,
    meaning: "Drawing the report failed. No half-written file was left.",
    step: "Read the cause; free space where the disk is full; report it where the data cannot be drawn.",
  },
  QUERY_INVALID: {
    status: 400,
    retryable: false,
    meaning: "The GraphQL text does not parse, does not fit the schema, or asks for what cannot be done in this way.",
    step: "Correct what the message names; the schema is in docs/mobile.md.",
  },
  QUERY_TOO_COSTLY: {
    status: 400,
    retryable: false,
    meaning: "The GraphQL text is too long, too deep, or asks for too much at once.",
    step: "Ask for fewer rows or fields, in several requests.",
  },
  MESSAGE_ID_CONFLICT: {
    status: 409,
    retryable: false,
    meaning:
      "The message id was already used by this device for a message that says something else. Nothing was stored.",
    step: "Send it under an id that the device has never used (a UUID), or under none.",
  },
  PAYLOAD_MALFORMED: {
    status: 400,
    retryable: false,
    meaning: "A device's message cannot be read: it is not base64 of zlib of JSON, or too large once inflated.",
    step: "Look at what the device sends; its next message is not affected.",
  },
  MQTT_UNAVAILABLE: {
    status: 503,
    retryable: true,
    meaning: "The MQTT broker is not connected, or did not acknowledge a message in time.",
    step: "See that MQTT_URL is right and the broker runs. What is to be published waits and goes on by itself.",
  },
  PROCESS_HANGS: {
    status: 500,
    retryable: false,
    meaning:
      "The event loop of a process has not turned for HANG_TIMEOUT; the process ended itself. Said in its log alone.",
    step: "The stack in the line names the code that did not let go: give it pauses, or let its task run in isolation.",
  },
  INTERNAL: {
    status: 500,
    retryable: true,
    meaning: "Something failed that should not have. The details are in the log under the correlation id.",
    step: "Search the log for the correlation id.",
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
