/*
 * Refusals are reported on a thread that must not wait, so a lane with one thread writes them. Refusals must not fill
 * the table: beyond a few per minute they are only counted, and the next row contains their number.
 */
#include "worker/witness.h"

#include "base/clock.h"
#include "base/log.h"
#include "pg/own_sql.h"
#include "pg/pool.h"
#include "pg/search.h"
#include "rpc/lanes.h"
#include "truss/migration/v1/migration.pb-c.h"
#include "trust/audit.h"

#include <inttypes.h>
#include <pthread.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRITE_MS       10000
#define REFUSALS       32 /* waiting */
#define REFUSALS_EACH  20 /* rows per minute */
#define MINUTE_MS      60000
#define SUBJECT_LIMIT  1000
#define AUDITED_SCOPES (SCOPE_RUN | SCOPE_MARK | SCOPE_BRANCH | SCOPE_ADMIN | SCOPE_APPROVE)

/* The outcome of a call that was answered before its work was done. */
static const char started[] = "STARTED";

struct witness {
    const struct site *site;
    bool is_asked_for;
    struct rpc_witness hooks;
    struct lane *lane;     /* for refusals */
    pthread_mutex_t mutex; /* protects the rest */
    int64_t minute;        /* when the current minute began */
    unsigned told;         /* refusals in this minute */
    uint64_t untold;       /* refusals without a row since the last one with a row */
};

/* ---- describing a call ---- */

/* Methods whose audit is not determined by their scope alone. */
static const struct {
    const char *method;
    bool reads_only;
    bool goes_first; /* the action is done before its row is written */
} special[] = {
    {"/truss.migration.v1.MigrationService/CancelOperation", false, true},
    {"/truss.backup.v1.BackupService/ReadDownload", true, false}, /* DownloadBackup has begun it */
    {"/truss.backup.v1.BackupService/CloseDownload", true, false},
    {"/truss.trust.v1.Trust/ListAudit", true, false},
    {"/truss.trust.v1.Trust/VerifyAudit", true, false},
    {"/truss.trust.v1.Trust/ListTokens", true, false},
};

static bool goes_first(const char *method)
{
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (strcmp(special[i].method, method) == 0) {
            return special[i].goes_first;
        }
    }
    return false;
}

static bool reads_only(const char *method)
{
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (strcmp(special[i].method, method) == 0) {
            return special[i].reads_only;
        }
    }
    return false;
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessage *message, const char *name, ProtobufCType type)
{
    const ProtobufCFieldDescriptor *const field =
        message == NULL ? NULL : protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    return field != NULL && field->type == type ? field : NULL;
}

static const void *member(const ProtobufCMessage *message, size_t offset)
{
    return (const char *)message + offset;
}

static bool flag_of(const ProtobufCMessage *message, const char *name, bool otherwise)
{
    const ProtobufCFieldDescriptor *const field = field_of(message, name, PROTOBUF_C_TYPE_BOOL);
    return message == NULL || field == NULL ? otherwise
                                            : *(const protobuf_c_boolean *)member(message, field->offset) != 0;
}

static const char *text_of_field(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *const field = field_of(message, name, PROTOBUF_C_TYPE_STRING);
    if (message == NULL || field == NULL || field->label == PROTOBUF_C_LABEL_REPEATED) {
        return "";
    }
    const char *const text = *(char *const *)member(message, field->offset);
    return text == NULL ? "" : text;
}

static bool is_audited(const struct rpc_call *call, enum scope scope, const ProtobufCMessage *input)
{
    return (scope & AUDITED_SCOPES) != 0 && !reads_only(call->request->method) && !flag_of(input, "dry_run", false);
}

/* The migrations, operation or file that the request names. */
static const char *subject_of(struct arena *arena, const ProtobufCMessage *input)
{
    static const char *const names[] = {"migration", "target", "through", "id", "name", "framework"};
    struct buffer out = {.arena = arena};
    const ProtobufCFieldDescriptor *const list = field_of(input, "migrations", PROTOBUF_C_TYPE_STRING);
    if (list != NULL && list->label == PROTOBUF_C_LABEL_REPEATED) {
        const size_t count = *(const size_t *)member(input, list->quantifier_offset);
        char *const *const items = *(char *const *const *)member(input, list->offset);
        for (size_t i = 0; i < count && out.size < SUBJECT_LIMIT; i++) {
            buffer_printf(&out, "%s%s", out.size == 0 ? "migrations=" : ",", items[i]);
        }
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0] && out.size < SUBJECT_LIMIT; i++) {
        const char *const text = text_of_field(input, names[i]);
        if (text[0] != '\0') {
            buffer_printf(&out, "%s%s=%s", out.size == 0 ? "" : " ", names[i], text);
        }
    }
    if (flag_of(input, "all", false)) {
        buffer_printf(&out, "%sall", out.size == 0 ? "" : " ");
    }
    return buffer_string(&out);
}

const char *witness_actor(struct arena *arena, const struct rpc_call *call)
{
    char memory[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    if (call->principal->kind != PRINCIPAL_USER || !call->peer->has_uid ||
        getpwuid_r((uid_t)call->peer->uid, &entry, memory, sizeof memory, &found) != 0 || found == NULL) {
        return call->principal->name;
    }
    return arena_printf(arena, "%s (%s)", call->principal->name, found->pw_name);
}

/* The entry of a call, in this arena, without its outcome. */
static struct audit_entry entry_of(const struct witness *witness, struct arena *arena, const struct rpc_call *call,
                                   const ProtobufCMessage *input)
{
    const char *const id = rpc_request_metadata(call->request, "request-id");
    const struct conninfo *const conninfo = witness->site->conninfo;
    return (struct audit_entry){
        .request = arena_strdup(arena, id == NULL ? "" : id),
        .actor = arena_strdup(arena, witness_actor(arena, call)),
        .actor_kind = principal_kind_name(call->principal->kind),
        .origin = arena_strdup(arena, call->principal->from == NULL ? "" : call->principal->from),
        .action = arena_strdup(arena, call->request->method + (call->request->method[0] == '/' ? 1 : 0)),
        .target = conninfo == NULL ? "" : conninfo->display,
        .subject = subject_of(arena, input),
        .plan_hash = arena_strdup(arena, text_of_field(input, "plan_hash")),
        .digest = sha256_hex_of(arena, call->request->payload),
        .outcome = "",
        .detail = "",
    };
}

/* ---- writing ---- */

static void log_row(const struct audit_row *row)
{
    char actor[LOG_QUOTED_SIZE];
    char action[LOG_QUOTED_SIZE];
    log_info("audit", "number=%" PRId64 " hash=%s outcome=%s actor=%s action=%s", row->number, row->hash,
             row->entry.outcome, log_quoted(row->entry.actor, actor), log_quoted(row->entry.action, action));
}

/* *is_wanted: an audit is requested, or this database has one. */
static bool write_row(const struct witness *witness, const struct audit_entry *entry, bool *is_wanted,
                      struct status *status)
{
    struct pg_pool *const pool = witness->site->pool;
    struct pg_session *const session = pg_pool_take(pool, deadline_in(WRITE_MS), status);
    struct audit_row row;
    *is_wanted = witness->is_asked_for;
    if (session == NULL) {
        return false;
    }
    bool ok = *is_wanted || audit_exists(session, is_wanted, status);
    const bool is_due = ok && *is_wanted;
    if (is_due) {
        ok = (pg_session_is_pinned(session) || pg_session_pin(session, status)) &&
             audit_write(session, entry, &row, status);
    }
    pg_pool_give(pool, session);
    if (is_due && ok) {
        log_row(&row);
    }
    return ok;
}

static void log_failure(const struct audit_entry *entry, const struct status *status)
{
    char action[LOG_QUOTED_SIZE];
    char error[LOG_QUOTED_SIZE];
    log_error("audit cannot be written", "action=%s outcome=%s error=%s", log_quoted(entry->action, action),
              entry->outcome, log_quoted(status->message, error));
}

/* ---- the witness ---- */

static bool before(void *context, struct rpc_call *call, enum scope scope, const ProtobufCMessage *input)
{
    const struct witness *const witness = context;
    struct status status = {.arena = call->arena};
    bool is_wanted;
    if (!is_audited(call, scope, input)) {
        return true;
    }
    struct audit_entry *const entry = arena_alloc(call->arena, sizeof *entry);
    *entry = entry_of(witness, call->arena, call, input);
    entry->outcome = "BEGUN";
    call->witnessed = entry;
    if (witness->site->pool == NULL || goes_first(call->request->method)) {
        return true;
    }
    const bool ok = write_row(witness, entry, &is_wanted, &status);
    if (!is_wanted) {
        call->witnessed = NULL; /* a database error is reported by the handler itself */
    }
    if (ok || !is_wanted) {
        return true;
    }
    log_failure(entry, &status);
    *call->status = status;
    call->status->message =
        arena_printf(call->arena, "This cannot be written into the audit (%s), and so nothing was done: %s",
                     own_text(call->arena, witness->site->conninfo->own_schema, "{truss}.audit"), status.message);
    return false;
}

/* Writes the outcome of an action. */
static void write_end(const struct witness *witness, const struct audit_entry *begun,
                      const struct witness_outcome *outcome)
{
    struct arena *const arena = outcome->status->arena;
    struct status status = {.arena = arena};
    struct audit_entry entry = *begun;
    bool is_wanted;
    const bool is_ok = outcome->reply != NULL && flag_of(outcome->reply, "ok", true);
    if (entry.outcome != started) {
        entry.outcome = outcome->reply == NULL ? status_code_name(outcome->status->code) : is_ok ? "OK" : "FAILED";
    }
    entry.detail = outcome->reply == NULL ? outcome->status->message : text_of_field(outcome->reply, "summary");
    const char *const approved_by = outcome->reply == NULL ? "" : text_of_field(outcome->reply, "approved_by");
    if (approved_by[0] != '\0' && field_of(outcome->reply, "summary", PROTOBUF_C_TYPE_STRING) != NULL) {
        entry.detail = arena_printf(arena, "%s Approved by \"%s\".", entry.detail, approved_by);
    }
    if (outcome->operation[0] != '\0') {
        entry.subject = arena_printf(arena, "%s%soperation=%s", entry.subject, entry.subject[0] == '\0' ? "" : " ",
                                     outcome->operation);
    }
    if (witness->site->pool != NULL && !write_row(witness, &entry, &is_wanted, &status)) {
        log_failure(&entry, &status);
    }
}

static void after(void *context, const struct rpc_call *call, enum scope scope, const ProtobufCMessage *reply)
{
    const char *const id = text_of_field(reply, "operation");
    (void)scope;
    if (call->witnessed != NULL) {
        const bool is_operation = reply != NULL && reply->descriptor == &truss__migration__v1__operation__descriptor;
        const struct witness_outcome outcome = {
            .reply = reply, .status = call->status, .operation = is_operation ? text_of_field(reply, "id") : id};
        write_end(context, call->witnessed, &outcome);
    }
}

struct audit_entry *witness_keep(struct arena *arena, const struct rpc_call *call)
{
    struct audit_entry *const begun = call->witnessed;
    if (begun == NULL) {
        return NULL;
    }
    struct audit_entry *const kept = arena_alloc(arena, sizeof *kept);
    *kept = (struct audit_entry){
        .request = arena_strdup(arena, begun->request),
        .actor = arena_strdup(arena, begun->actor),
        .actor_kind = begun->actor_kind,
        .origin = arena_strdup(arena, begun->origin),
        .action = arena_strdup(arena, begun->action),
        .target = begun->target,
        .subject = arena_strdup(arena, begun->subject),
        .plan_hash = arena_strdup(arena, begun->plan_hash),
        .digest = arena_strdup(arena, begun->digest),
        .outcome = "",
        .detail = "",
    };
    begun->outcome = started;
    return kept;
}

void witness_drop(const struct rpc_call *call)
{
    if (call->witnessed != NULL) {
        ((struct audit_entry *)call->witnessed)->outcome = "BEGUN";
    }
}

void witness_end(const struct witness *witness, const struct audit_entry *kept, const struct witness_outcome *outcome)
{
    if (kept != NULL) {
        write_end(witness, kept, outcome);
    }
}

/* ---- refusals ---- */

/* A refusal on its way to the table; owns its memory. */
struct refusal {
    struct lane_job job; /* first, so that a job is its refusal */
    const struct witness *witness;
    struct arena *arena;
    struct audit_entry entry;
};

static void write_refusal(struct lane_job *job)
{
    struct refusal *const refusal = (struct refusal *)job;
    struct status status = {.arena = refusal->arena};
    bool is_wanted;
    if (!write_row(refusal->witness, &refusal->entry, &is_wanted, &status)) {
        log_failure(&refusal->entry, &status);
    }
    arena_free(refusal->arena);
    free(refusal);
}

/* May this one have a row? *untold: how many before it had none. */
static bool may_be_told(struct witness *witness, uint64_t *untold)
{
    pthread_mutex_lock(&witness->mutex);
    if (clock_ms() - witness->minute >= MINUTE_MS) {
        witness->minute = clock_ms();
        witness->told = 0;
    }
    const bool may = witness->told < REFUSALS_EACH;
    *untold = witness->untold;
    witness->told += may ? 1 : 0;
    witness->untold = may ? 0 : witness->untold + 1;
    pthread_mutex_unlock(&witness->mutex);
    return may;
}

static void refused(void *context, const struct rpc_call *call, enum scope scope)
{
    struct witness *const witness = context;
    uint64_t untold;
    if (witness->site->pool == NULL || !is_audited(call, scope, NULL) || !may_be_told(witness, &untold)) {
        return;
    }
    struct refusal *const refusal = memory_alloc(sizeof *refusal);
    *refusal = (struct refusal){.job = {.run = write_refusal}, .witness = witness, .arena = arena_new(0)};
    refusal->entry = entry_of(witness, refusal->arena, call, NULL);
    refusal->entry.outcome = status_code_name(call->status->code);
    refusal->entry.detail =
        untold == 0 ? arena_strdup(refusal->arena, call->status->message)
                    : arena_printf(refusal->arena, "%s (%" PRIu64 " more refusals before this one have no row.)",
                                   call->status->message, untold);
    if (lane_add(witness->lane, &refusal->job) != LANE_ADDED) {
        pthread_mutex_lock(&witness->mutex);
        witness->untold++;
        pthread_mutex_unlock(&witness->mutex);
        arena_free(refusal->arena);
        free(refusal);
    }
}

/* ---- its life ---- */

struct witness *witness_new(const struct site *site, bool is_asked_for)
{
    struct witness *const witness = memory_alloc(sizeof *witness);
    *witness = (struct witness){.site = site, .is_asked_for = is_asked_for, .minute = clock_ms()};
    witness->hooks = (struct rpc_witness){.before = before, .after = after, .refused = refused, .context = witness};
    witness->lane = lane_new(1, REFUSALS);
    pthread_mutex_init(&witness->mutex, NULL);
    return witness;
}

void witness_free(struct witness *witness)
{
    lane_free(witness->lane);
    pthread_mutex_destroy(&witness->mutex);
    free(witness);
}

const struct rpc_witness *witness_hooks(struct witness *witness)
{
    return &witness->hooks;
}
