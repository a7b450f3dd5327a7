/*
 * A call holds an advisory lock on its key for as long as its session lives: if the worker is killed the key is free
 * again at once, and its unanswered row means nothing.
 */
#include "worker/idempotency.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/memory.h"
#include "migration/record/make.h"
#include "pg/own_query.h"
#include "pg/own_write.h"
#include "pg/query.h"
#include "pg/search.h"
#include "pg/values.h"
#include "worker/messages/messages.h"

#include <stdio.h>
#include <string.h>

#define LOCK_CLASS "1414681945" /* "TRUY" */
#define KEPT       "24 hours"
#define WRITE_MS   10000
#define NOT_KEPT   "00" /* stored if there was no memory for the answer; no message begins with it */

/* A call with a key. */
struct keyed {
    const struct conninfo *conninfo;
    struct pg_session *session; /* holds the lock; the work may use it to observe itself */
    const char *key;
    const char *method;
    const char *request; /* SHA-256 of method and message, in hexadecimal */
    int lock;
    bool is_locked;
    bool is_overtaken; /* another call with this key has been answered meanwhile */
};

static const char *hash_request(struct arena *arena, const char *method, struct text payload, int *lock,
                                const char *key)
{
    struct sha256 hash;
    unsigned char digest[SHA256_SIZE];
    char *const hex = arena_alloc(arena, SHA256_HEX_SIZE);
    sha256_text(text_of(key), digest);
    memcpy(lock, digest, sizeof *lock);
    sha256_start(&hash);
    sha256_add(&hash, text_of(method));
    sha256_add(&hash, (struct text){"", 1});
    sha256_add(&hash, payload);
    sha256_finish(&hash, digest);
    sha256_hex(digest, hex);
    return hex;
}

/* Takes the key's lock; is_locked stays false if another call has it. Fails behind a pooler, which changes backends. */
static bool take_lock(struct keyed *keyed, struct status *status)
{
    char lock[16];
    snprintf(lock, sizeof lock, "%d", keyed->lock);
    PG_RESULT(result) = pg_query(keyed->session,
                                 "SELECT pg_catalog.pg_try_advisory_lock(" LOCK_CLASS ", $1::int), "
                                 "pg_catalog.pg_backend_pid()",
                                 1, (const char *const[]){lock}, status);
    if (result == NULL) {
        return false;
    }
    keyed->is_locked = pg_field_bool(result, 0, 0);
    return pg_field_int(result, 0, 1, 0) == pg_session_backend_pid(keyed->session) ||
           status_fail(status, STATUS_FAILED_PRECONDITION,
                       "The connection goes through a pooler (PgBouncer or alike), which cannot keep an idempotency "
                       "key's lock: give the worker a direct connection URL (Prisma's directUrl).");
}

static PGresult *write_key(const struct keyed *keyed, const char *sql, int count, const char *const *values,
                           struct status *status)
{
    const struct own_statement statement = {
        .table = "{truss}.idempotency_keys", .sql = sql, .count = count, .values = values};
    return own_write(keyed->session, &statement, status);
}

/* Adds a row, or reads the existing one: *first becomes the stored answer, of the given type, in the arena. */
static bool claim(struct keyed *keyed, const struct idempotent *kind, struct arena *arena, ProtobufCMessage **first,
                  struct status *status)
{
    static const char sql[] =
        "DELETE FROM {truss}.idempotency_keys WHERE created_at < pg_catalog.now() - interval '" KEPT "';"
        "INSERT INTO {truss}.idempotency_keys AS k (key, method, request) VALUES ($1, $2, $3) ON CONFLICT (key) DO "
        "UPDATE SET key = EXCLUDED.key RETURNING k.request, pg_catalog.encode(k.answer, 'hex')";
    const char *const values[] = {keyed->key, keyed->method, keyed->request};
    *first = NULL;
    PG_RESULT(result) = write_key(keyed, sql, 3, values, status);
    if (result == NULL) {
        return false;
    }
    if (strcmp(pg_field(result, 0, 0), keyed->request) != 0) {
        return status_fail_because(status, STATUS_INVALID_ARGUMENT, REASON_IDEMPOTENCY_KEY_REUSED,
                                   "The idempotency key was used for another request within " KEPT
                                   "; take a new key for a new request.");
    }
    const char *const answer = pg_field(result, 0, 1);
    if (answer != NULL && strcmp(answer, NOT_KEPT) == 0) {
        status_fail(status, STATUS_DATA_LOSS,
                    "The request with this idempotency key was worked on to its end, but there was not enough memory "
                    "to keep its answer.");
        status->hint = "Ask for the status: it tells what was done.";
        return false;
    }
    *first = answer == NULL ? NULL : message_kept(arena, kind->output, answer, status);
    return answer == NULL || *first != NULL;
}

static bool can_write(struct keyed *keyed, struct status *status)
{
    if (keyed->session != NULL && pg_session_is_lost(keyed->session)) {
        pg_session_free(keyed->session);
        keyed->session = NULL;
    }
    if (keyed->session == NULL) {
        keyed->session = pg_session_open_pinned(keyed->conninfo, deadline_in(WRITE_MS), status);
    }
    if (keyed->session != NULL) {
        pg_session_set_deadline(keyed->session, deadline_in(WRITE_MS));
    }
    return keyed->session != NULL;
}

/* Stores the answer if the key is still this request's, or deletes the key if there is none. The first answer stays: if
 * the session was lost, another call with the same key may have been faster. */
static bool write_answer(struct keyed *keyed, const char *answer, struct status *status)
{
    static const char keep[] =
        "UPDATE {truss}.idempotency_keys SET answered_at = pg_catalog.clock_timestamp(), answer = $3::bytea "
        "WHERE key = $1 AND request = $2 AND answered_at IS NULL RETURNING key";
    static const char forget[] = "DELETE FROM {truss}.idempotency_keys WHERE key = $1 AND request = $2";
    const char *const values[] = {keyed->key, keyed->request, answer};
    if (answer == NULL && pg_session_is_lost(keyed->session)) {
        return true; /* a row without an answer and without a lock means nothing */
    }
    if (!can_write(keyed, status)) {
        return false;
    }
    PG_RESULT(result) =
        answer == NULL ? write_key(keyed, forget, 2, values, status) : write_key(keyed, keep, 3, values, status);
    keyed->is_overtaken = answer != NULL && result != NULL && PQntuples(result) == 0;
    return result != NULL;
}

/* The answer that was stored first; NULL on failure. */
static ProtobufCMessage *first_answer(struct keyed *keyed, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    struct status status = {.arena = arena};
    PG_RESULT(result) =
        own_query(keyed->session,
                  "SELECT pg_catalog.encode(answer, 'hex') FROM {truss}.idempotency_keys WHERE key = $1 AND "
                  "request = $2 AND answer IS NOT NULL",
                  2, (const char *const[]){keyed->key, keyed->request}, &status);
    return result == NULL || PQntuples(result) == 0 ? NULL : message_kept(arena, type, pg_field(result, 0, 0), &status);
}

/* The answer as bytea. If there is no memory for it, that is stored, because a key without an answer would be processed
 * again. */
static const char *answer_text(const ProtobufCMessage *reply, struct arena *arena)
{
    const size_t size = protobuf_c_message_get_packed_size(reply);
    struct buffer hex = {.arena = arena};
    if (!memory_has_room(size + MESSAGE_HEX_ROOM(size))) {
        log_warn("no memory to keep the answer of an idempotency key", "bytes=%zu", size);
        return "\\x" NOT_KEPT;
    }
    uint8_t *const bytes = arena_alloc(arena, size + 1);
    protobuf_c_message_pack(reply, bytes);
    buffer_reserve(&hex, 2 * size + 2);
    buffer_puts(&hex, "\\x");
    message_put_hex(&hex, (struct text){(const char *)bytes, size});
    return buffer_string(&hex);
}

/* Stores the answer, or deletes the key if there is none; on a new session if the first was lost. */
static void settle(struct keyed *keyed, const ProtobufCMessage *reply)
{
    struct arena *const arena = arena_new(0);
    struct status status = {.arena = arena};
    const char *const answer = reply == NULL ? NULL : answer_text(reply, arena);
    if (!write_answer(keyed, answer, &status)) {
        char error[LOG_QUOTED_SIZE];
        log_warn("idempotency key cannot be kept", "error=%s", log_quoted(status.message, error));
    }
    arena_free(arena);
}

static ProtobufCMessage *answer_keyed(struct keyed *keyed, const struct idempotent *kind, void *context,
                                      struct rpc_call *call, const ProtobufCMessage *input)
{
    ProtobufCMessage *first;
    if (!store_ensure(keyed->session, call->status) || !take_lock(keyed, call->status)) {
        return NULL;
    }
    if (!keyed->is_locked) {
        status_fail_because(call->status, STATUS_ABORTED, REASON_IN_FLIGHT,
                            "A request with this idempotency key is being worked on; ask again when it has ended.");
        return NULL;
    }
    if (!claim(keyed, kind, call->arena, &first, call->status)) {
        return NULL;
    }
    if (first != NULL) {
        return first;
    }
    ProtobufCMessage *const reply = kind->work(context, call, input, keyed->session);
    const bool was_lost = pg_session_is_lost(keyed->session);
    settle(keyed, reply);
    /* A call that kept its lock, and was overtaken by one that had lost it, returns the other's answer. */
    first = keyed->is_overtaken && !was_lost ? first_answer(keyed, kind->output, call->arena) : NULL;
    return first != NULL ? first : reply;
}

static bool check_key(const char *key, struct status *status)
{
    return (key[0] != '\0' && strlen(key) <= LIMIT_KEY) ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "An idempotency key has 1 to %d characters.", LIMIT_KEY);
}

bool idempotency_read(const struct rpc_call *call, const char **key, const char **request)
{
    *key = rpc_request_metadata(call->request, "idempotency-key");
    *request = sha256_hex_of(call->arena, call->request->payload);
    return *key == NULL || check_key(*key, call->status);
}

/* Releases the lock before the answer is sent: the server releases it only when it notices that the session has ended,
 * and a client that repeats its call at once would be told that the first is still running. */
static void let_go(struct keyed *keyed)
{
    struct arena *const arena = arena_new(0);
    struct status ignored = {.arena = arena};
    if (keyed->session != NULL && keyed->is_locked && !pg_session_is_lost(keyed->session)) {
        pg_session_set_deadline(keyed->session, deadline_in(WRITE_MS));
        pg_exec(keyed->session,
                arena_printf(arena, "SELECT pg_catalog.pg_advisory_unlock(" LOCK_CLASS ", %d)", keyed->lock), &ignored);
    }
    arena_free(arena);
    pg_session_free(keyed->session);
}

ProtobufCMessage *idempotent(const struct site *site, const struct idempotent *kind, void *context,
                             struct rpc_call *call, const ProtobufCMessage *input)
{
    struct keyed keyed = {.conninfo = site->conninfo,
                          .key = rpc_request_metadata(call->request, "idempotency-key"),
                          .method = call->request->method};
    if (keyed.key == NULL || site->conninfo == NULL) {
        return kind->work(context, call, input, NULL); /* fails without a database, and says why */
    }
    if (!check_key(keyed.key, call->status)) {
        return NULL;
    }
    keyed.request = hash_request(call->arena, keyed.method, call->request->payload, &keyed.lock, keyed.key);
    /* A session of its own: the work takes one of the pool, and the URL may allow no second. */
    keyed.session = pg_session_open_pinned(site->conninfo, call->deadline, call->status);
    if (keyed.session == NULL) {
        return NULL;
    }
    ProtobufCMessage *const reply = answer_keyed(&keyed, kind, context, call, input);
    let_go(&keyed);
    return reply;
}
