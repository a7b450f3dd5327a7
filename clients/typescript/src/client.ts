/** Calls by the names of the .proto, with deadlines, typed errors, and the events of a run as an async iterator. */
import { randomUUID } from "node:crypto";
import { create, fromBinary, toBinary, type DescMessage, type DescMethodUnary, type DescService, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { BackupService } from "./gen/truss/backup/v1/backup_pb.js";
import { BranchService, type Branch, type BranchEvent, type CreateBranchRequestSchema, type RefreshGoldenRequestSchema, type WaitBranchResponse } from "./gen/truss/branch/v1/branch_pb.js";
import { ConnectionService } from "./gen/truss/connection/v1/connection_pb.js";
import { Health } from "./gen/truss/health/v1/health_pb.js";
import { MigrationService, OperationState, type Event, type Operation, type RunRequestSchema } from "./gen/truss/migration/v1/migration_pb.js";
import { RequestSchema, ResponseSchema, type Status } from "./gen/truss/rpc/v1/rpc_pb.js";
import { SqlService } from "./gen/truss/sql/v1/sql_pb.js";
import { Trust } from "./gen/truss/trust/v1/trust_pb.js";
import { Connection, ConnectionLost, type TlsOptions } from "./transport.js";

const CODES = ["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
  "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL",
  "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"] as const;

const LONGEST_WAIT_MS = 30_000; // of one long poll
const BRANCH_PATIENCE_MS = 30_000; // nobody gets a connection while a database is copied: the worker may have to wait, too
const CANCEL_WAIT_MS = 30_000; // for the end of a run that was cancelled
const PATIENCE_MS = 2_000; // with a worker that is being restarted
const LONGEST_MS = 0x7fffffff; // Node's timers take no more, and end at once with more: 24 days

/** Why a call failed: `code` is a name of google.rpc.Code, `message` one sentence that a person can act on. */
export class TrussError extends Error {
  readonly code: string;
  readonly reason: string; // "LOCKED", "PLAN_CHANGED", … where the code is too wide
  readonly sqlstate: string;
  readonly detail: string;
  readonly hint: string;
  readonly migration: string;
  readonly suggestions: string[];

  constructor(status: Pick<Status, "code" | "message"> & { detail?: Status["detail"] }) {
    super(status.message);
    this.name = "TrussError";
    this.code = CODES[status.code] ?? String(status.code);
    this.reason = status.detail?.reason ?? "";
    this.sqlstate = status.detail?.sqlstate ?? "";
    this.detail = status.detail?.detail ?? "";
    this.hint = status.detail?.hint ?? "";
    this.migration = status.detail?.migration ?? "";
    this.suggestions = status.detail?.suggestions ?? [];
  }
}

/** A run that has not applied what it was asked for; `operation` says how far it came. */
export class RunFailed extends TrussError {
  constructor(readonly operation: Operation) {
    super({
      code: operation.error?.code || 2,
      message: operation.summary || operation.error?.message || "The run did not succeed.",
      detail: operation.error?.detail,
    });
    this.name = "RunFailed";
  }
}

export interface ClientOptions {
  /** Milliseconds that a call may take where it does not say itself; 0: as long as it takes. Default 30,000. */
  timeoutMs?: number;
  /** Sent as a bearer token with each call. Default: that of the variable TRUSS_TOKEN. */
  token?: string;
  /** Pairs that are sent with each call, or a function that gives them (a traceparent). */
  metadata?: Record<string, string> | (() => Record<string, string>);
  /** Of a tls+tcp:// address. Default: the files that the variables TRUSS_WORKER_CA, TRUSS_WORKER_CERT and TRUSS_WORKER_KEY name. */
  tls?: TlsOptions;
}

export interface CallOptions {
  timeoutMs?: number;
  /** Gives the wait up: the call is rejected with the signal's reason. Of `run` it cancels the run, too. */
  signal?: AbortSignal;
  /** Idempotency key: a second call with it does nothing, and gets the same answer. */
  key?: string;
}

export interface RunOptions extends CallOptions {
  /** Gets each event as it comes. */
  onEvent?: (event: Event) => void;
}

export interface BranchOptions extends CallOptions {
  /** Gets each event of the making as it comes. */
  onEvent?: (event: BranchEvent) => void;
}

/** Bytes that are not what they should be are no fault of the caller. */
function read<S extends DescMessage>(schema: S, bytes: Uint8Array): MessageShape<S> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new TrussError({ code: 13, message: `The worker's answer cannot be read: ${(error as Error).message}.` });
  }
}

type Calls<S extends DescService> = {
  [K in keyof S["method"]]: S["method"][K] extends DescMethodUnary<infer I, infer O>
    ? (request?: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : never;
};

/** A worker at tcp://HOST:PORT, tls+tcp://HOST:PORT or ipc://PATH. It connects with the first call, and again after a loss. */
export class Client {
  readonly migration: Calls<typeof MigrationService>;
  readonly health: Calls<typeof Health>;
  readonly trust: Calls<typeof Trust>;
  readonly sql: Calls<typeof SqlService>;
  readonly database: Calls<typeof ConnectionService>;
  readonly branch: Calls<typeof BranchService>;
  readonly backup: Calls<typeof BackupService>;
  private readonly token: string | undefined;
  private connection: Connection | undefined;

  constructor(readonly url = "tcp://127.0.0.1:8788", private readonly options: ClientOptions = {}) {
    if (!/^((tls\+)?tcp:\/\/.+:\d+|ipc:\/\/.+)$/.test(url) || (options.tls !== undefined && !url.startsWith("tls+"))) {
      throw new TypeError(`"${url}" is not an address of a worker: tcp://HOST:PORT, tls+tcp://HOST:PORT (the only one with tls) or ipc://PATH`);
    }
    this.migration = this.calls(MigrationService);
    this.health = this.calls(Health);
    this.trust = this.calls(Trust);
    this.sql = this.calls(SqlService);
    this.database = this.calls(ConnectionService);
    this.branch = this.calls(BranchService);
    this.backup = this.calls(BackupService);
    this.token = (options.token ?? process.env["TRUSS_TOKEN"]) || undefined;
  }

  close(): void {
    this.connection?.close();
    this.connection = undefined;
  }

  /** `await using client = new Client(…)` closes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /**
   * Runs, waits for its end, and gives the operation: `result` has what was applied. Rejects with RunFailed where it did not
   * succeed. The signal, `timeoutMs` and an error of `onEvent` cancel the run, and its end is waited for.
   */
  async run(request: MessageInitShape<typeof RunRequestSchema> = {}, options: RunOptions = {}): Promise<Operation> {
    const { id } = await this.migration.startRun(request, { key: options.key, signal: options.signal });
    try {
      for await (const event of this.events(id, 0, options.timeoutMs, options.signal)) {
        options.onEvent?.(event);
      }
    } catch (error) {
      await this.migration.cancelOperation({ id }, { timeoutMs: CANCEL_WAIT_MS }).catch(() => undefined);
      throw error;
    }
    const operation = await this.migration.getOperation({ id });
    if (operation.state !== OperationState.SUCCEEDED) {
      throw new RunFailed(operation);
    }
    return operation;
  }

  /** The events of a run behind the one with the id `after`, as they come, until it has ended. */
  async *events(id: string, after = 0, timeoutMs = 0, signal?: AbortSignal): AsyncGenerator<Event> {
    const end = timeoutMs === 0 ? Infinity : Date.now() + timeoutMs;
    for (;;) {
      const waitMs = Math.min(LONGEST_WAIT_MS, end - Date.now());
      if (waitMs <= 0) {
        throw new TrussError({ code: 4, message: "The run goes on, but the time to watch it is over." });
      }
      const reply = await this.migration.waitOperation({ id, afterEvent: after, waitMs }, { timeoutMs: waitMs + 10_000, signal });
      for (const event of reply.events) {
        after = event.id;
        yield event;
      }
      if (reply.operation?.done && after >= reply.operation.lastEvent) {
        return;
      }
    }
  }

  /**
   * Makes a branch, and gives it when it is ready. The signal, `timeoutMs` and an error of `onEvent` have it undone, and the end of
   * that is waited for.
   */
  async makeBranch(request: MessageInitShape<typeof CreateBranchRequestSchema> = {}, options: BranchOptions = {}): Promise<Branch> {
    return this.follow(await this.branch.startBranch(request, { key: options.key, signal: options.signal }), options);
  }

  /**
   * Makes the branch with this id again from its source, as makeBranch makes one. If that fails or is given up, the branch stays as it
   * was.
   */
  async resetBranch(id: number, request: { onBusy?: string } = {}, options: BranchOptions = {}): Promise<Branch> {
    const begun = await this.branch.startReset({ ...request, id: String(id) }, { key: options.key, signal: options.signal });
    return this.follow(begun, options);
  }

  /** Makes the golden copy again, as makeBranch makes a branch. If that fails or is given up, the old copy stays. */
  async refreshGolden(request: MessageInitShape<typeof RefreshGoldenRequestSchema> = {}, options: BranchOptions = {}): Promise<Branch> {
    return this.follow(await this.branch.startGolden(request, { key: options.key, signal: options.signal }), options);
  }

  private async follow(begun: Branch, options: BranchOptions): Promise<Branch> {
    let last: WaitBranchResponse | undefined;
    try {
      for await (last of this.branchNews(begun.id, 0, options.timeoutMs, options.signal)) {
        for (const event of last.events) {
          options.onEvent?.(event);
        }
      }
    } catch (error) {
      await this.endBranch(begun.id).catch(() => undefined);
      throw error;
    }
    if (last?.error !== undefined && last.error.code !== 0) {
      throw new TrussError(last.error);
    }
    if (last?.branch === undefined || last.branch.status === "failed") {
      throw new TrussError({ code: 9, message: last?.branch?.LastError.value ?? "The branch was not made." });
    }
    return last.branch;
  }

  /** What happens while a branch is made, behind the event with the id `after`, as it comes, until that has ended. */
  async *branchEvents(id: number, after = 0, timeoutMs = 0, signal?: AbortSignal): AsyncGenerator<BranchEvent> {
    for await (const reply of this.branchNews(id, after, timeoutMs, signal)) {
      yield* reply.events;
    }
  }

  private async *branchNews(id: number, after: number, timeoutMs = 0, signal?: AbortSignal): AsyncGenerator<WaitBranchResponse> {
    const end = timeoutMs === 0 ? Infinity : Date.now() + timeoutMs;
    for (;;) {
      const waitMs = Math.min(LONGEST_WAIT_MS, end - Date.now());
      if (waitMs <= 0) {
        throw new TrussError({ code: 4, message: "The making of the branch goes on, but the time to wait for it is over." });
      }
      const options = { timeoutMs: waitMs + BRANCH_PATIENCE_MS, signal };
      const reply = await this.branch.waitBranch({ id: String(id), afterEvent: after, waitMs }, options);
      after = reply.events.at(-1)?.id ?? after;
      yield reply;
      if (reply.done) {
        return;
      }
    }
  }

  private async endBranch(id: number): Promise<void> {
    await this.branch.cancelBranch({ id: String(id) });
    const news = this.branchNews(id, 0, CANCEL_WAIT_MS);
    while (!(await news.next()).done) {
      // it is being undone
    }
  }

  private calls<S extends DescService>(service: S): Calls<S> {
    const calls: Record<string, unknown> = {};
    for (const method of service.methods) {
      calls[method.localName] = (request: MessageInitShape<typeof method.input> = {}, options: CallOptions = {}) =>
        this.call(method, request, options);
    }
    return calls as Calls<S>;
  }

  private async call(method: DescService["methods"][number], request: object, options: CallOptions): Promise<unknown> {
    const timeoutMs = Math.min(options.timeoutMs ?? this.options.timeoutMs ?? 30_000, LONGEST_MS);
    const more = typeof this.options.metadata === "function" ? this.options.metadata() : this.options.metadata ?? {};
    const pairs: Record<string, string> = { "request-id": randomUUID(), ...more };
    const metadata = Object.entries(pairs).map(([key, value]) => ({ key, value }));
    if (options.key !== undefined) {
      metadata.push({ key: "idempotency-key", value: options.key });
    }
    if (this.token !== undefined) {
      metadata.push({ key: "authorization", value: `Bearer ${this.token}` });
    }
    const envelope = toBinary(RequestSchema, create(RequestSchema, {
      method: `/${method.parent.typeName}/${method.name}`,
      payload: toBinary(method.input, create(method.input, request as MessageInitShape<typeof method.input>)),
      timeoutMs: Math.ceil(timeoutMs),
      metadata,
    }));
    const late = new TrussError({ code: 4, message: `${method.name} was not answered within ${timeoutMs} ms.` });
    const deadline = new AbortController();
    const stop = () => deadline.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", stop, { once: true });
    if (options.signal?.aborted) {
      stop();
    }
    const timer = timeoutMs === 0 ? undefined : setTimeout(() => deadline.abort(late), timeoutMs);
    try {
      const response = read(ResponseSchema, await this.exchange(envelope, method.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN, deadline.signal));
      if (response.status !== undefined && response.status.code !== 0) {
        throw new TrussError(response.status);
      }
      return read(method.output, response.payload);
    } catch (error) {
      throw error instanceof ConnectionLost
        ? new TrussError({ code: 14, message: `The worker at ${this.url} was lost: ${error.message}.` }) : error;
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", stop);
    }
  }

  /** Once; again where the request cannot have been begun, or does no harm twice. */
  private async exchange(envelope: Uint8Array, isSafe: boolean, signal: AbortSignal): Promise<Uint8Array> {
    const patience = Date.now() + PATIENCE_MS;
    for (let again = isSafe; ;) {
      signal.throwIfAborted();
      if (this.connection === undefined || this.connection.lost) {
        this.connection = new Connection(this.url, this.options.tls);
      }
      try {
        return await this.connection.exchange(envelope, signal);
      } catch (error) {
        if (!(error instanceof ConnectionLost) || (error.sent ? !again : Date.now() > patience)) {
          throw error;
        }
        again = error.sent ? false : again;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
