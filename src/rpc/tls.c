/*
 * A record is read as a whole, so that no data waits here that epoll does not report. Sending may be partial, as with
 * send.
 */
#include "rpc/tls.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/mounts.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define FILES   3
#define LOOK_MS 1000 /* between two checks of the files */

/* A look at the files, which may be in a file system that does not answer: then a thread of its own makes it, and is
 * left behind if need be. */
struct look {
    atomic_uint holders; /* the door, and who looks */
    atomic_bool has_ended;
    struct arena *arena;
    struct tls_files files;
    struct file_stamp stamps[FILES];
    bool has_changed;
    SSL_CTX *context; /* if they have changed; NULL: they cannot be used, says the status */
    struct status status;
};

struct tls_door {
    struct tls_files files;
    SSL_CTX *context;
    struct file_stamp stamps[FILES]; /* of the files that were last tried */
    int64_t looked_at;
    struct look *look; /* under way; NULL: none */
};

struct tls {
    SSL *ssl;
    bool wants_to_write;
};

static void read_stamps(const struct tls_files *files, struct file_stamp stamps[FILES])
{
    const char *const paths[FILES] = {files->certificate, files->key, files->client_ca};
    for (size_t i = 0; i < FILES; i++) {
        stamps[i] = (struct file_stamp){0};
        if (paths[i] != NULL) {
            file_look(paths[i], &stamps[i]);
        }
    }
}

/* Appends OpenSSL's last error. */
static bool fail(struct status *status, const char *what, const char *path)
{
    const char *const reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return status_fail(status, STATUS_FAILED_PRECONDITION, "%s %s cannot be used: %s.", what, path,
                       reason == NULL ? "it is not one" : reason);
}

static bool load(SSL_CTX *context, const struct tls_files *files, struct status *status)
{
    static const unsigned char name[] = "truss";
    if (SSL_CTX_use_certificate_chain_file(context, files->certificate) != 1) {
        return fail(status, "The certificate", files->certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(context, files->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return fail(status, "The key", files->key);
    }
    if (files->client_ca != NULL) {
        STACK_OF(X509_NAME) *const names = SSL_load_client_CA_file(files->client_ca);
        SSL_CTX_set_client_CA_list(context, names); /* owned by the context now */
        if (names == NULL || SSL_CTX_load_verify_locations(context, files->client_ca, NULL) != 1) {
            return fail(status, "The clients' authority", files->client_ca);
        }
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        /* A resumed session shows no certificate, and with a new ticket each time it would outlive the certificate. */
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context, 0);
    }
    return SSL_CTX_set_session_id_context(context, name, sizeof name - 1) == 1;
}

/* NULL with a status if the files cannot be used. */
static SSL_CTX *context_new(const struct tls_files *files, struct status *status)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    ERR_clear_error();
    if (context == NULL) {
        status_fail(status, STATUS_INTERNAL, "TLS cannot be prepared.");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (!load(context, files, status)) {
        SSL_CTX_free(context);
        context = NULL;
    }
    return context;
}

struct tls_door *tls_door_new(const struct tls_files *files, struct status *status)
{
    struct tls_door *door = memory_alloc(sizeof *door);
    door->files = *files;
    read_stamps(files, door->stamps);
    door->looked_at = clock_ms();
    door->context = context_new(files, status);
    if (door->context == NULL) {
        tls_door_free(door);
        door = NULL;
    }
    return door;
}

static void let_go(struct look *look)
{
    if (look != NULL && atomic_fetch_sub(&look->holders, 1) == 1) {
        SSL_CTX_free(look->context);
        arena_free(look->arena);
        free(look);
    }
}

void tls_door_free(struct tls_door *door)
{
    if (door != NULL) {
        let_go(door->look);
        SSL_CTX_free(door->context);
        free(door);
    }
}

/* ---- changed files ---- */

static struct look *look_new(const struct tls_door *door)
{
    struct look *const look = memory_alloc(sizeof *look);
    struct arena *const arena = arena_new(0);
    *look = (struct look){.holders = 2,
                          .arena = arena,
                          .files = {.certificate = arena_strdup(arena, door->files.certificate),
                                    .key = arena_strdup(arena, door->files.key),
                                    .client_ca = arena_strdup(arena, door->files.client_ca)},
                          .status = {.arena = arena}};
    memcpy(look->stamps, door->stamps, sizeof look->stamps);
    return look;
}

static void *run_look(void *data)
{
    struct look *const look = data;
    struct file_stamp stamps[FILES];
    read_stamps(&look->files, stamps);
    for (size_t i = 0; i < FILES; i++) {
        look->has_changed = look->has_changed || !file_stamp_equal(&stamps[i], &look->stamps[i]);
    }
    if (look->has_changed) {
        memcpy(look->stamps, stamps, sizeof stamps);
        look->context = context_new(&look->files, &look->status);
    }
    atomic_store(&look->has_ended, true);
    let_go(look);
    return NULL;
}

/* Makes the look, or has it made. */
static void begin_look(struct tls_door *door)
{
    pthread_t thread;
    door->looked_at = clock_ms();
    door->look = look_new(door);
    if (!mounts_may_hang()) {
        run_look(door->look);
        return;
    }
    if (pthread_create(&thread, NULL, run_look, door->look) == 0) {
        pthread_detach(thread);
        return;
    }
    let_go(door->look);
    let_go(door->look);
    door->look = NULL;
}

/* Uses changed files from now on; invalid ones, as while they are being written, are ignored. */
static void end_look(struct tls_door *door)
{
    struct look *const look = door->look;
    char text[LOG_QUOTED_SIZE];
    if (look->context != NULL) {
        SSL_CTX_free(door->context);
        door->context = look->context;
        look->context = NULL;
        log_info("certificate read again", "file=%s", log_quoted(door->files.certificate, text));
    } else if (look->has_changed) {
        log_error("certificate cannot be read again, the previous one stays in use", "error=%s",
                  log_quoted(look->status.message, text));
    }
    memcpy(door->stamps, look->stamps, sizeof door->stamps);
    let_go(look);
    door->look = NULL;
}

static void look_again(struct tls_door *door)
{
    if (door->look == NULL && clock_ms() - door->looked_at >= LOOK_MS) {
        begin_look(door);
    }
    if (door->look != NULL && atomic_load(&door->look->has_ended)) {
        end_look(door);
    }
}

struct tls *tls_new(struct tls_door *door, int fd)
{
    look_again(door);
    SSL *const ssl = SSL_new(door->context);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_accept_state(ssl);
    struct tls *const tls = memory_alloc(sizeof *tls);
    tls->ssl = ssl;
    return tls;
}

void tls_free(struct tls *tls)
{
    if (tls != NULL) {
        SSL_free(tls->ssl);
        free(tls);
    }
}

/* Translates a failed call into recv's return value and errno. */
static ssize_t outcome(struct tls *tls, int result)
{
    const int error = SSL_get_error(tls->ssl, result);
    ERR_clear_error();
    tls->wants_to_write = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
}

ssize_t tls_receive(struct tls *tls, void *data, size_t size)
{
    size_t taken;
    ERR_clear_error();
    const int result = SSL_read_ex(tls->ssl, data, size, &taken);
    tls->wants_to_write = false;
    return result == 1 ? (ssize_t)taken : outcome(tls, result);
}

ssize_t tls_send(struct tls *tls, const void *data, size_t size)
{
    size_t taken;
    ERR_clear_error();
    const int result = SSL_write_ex(tls->ssl, data, size, &taken);
    tls->wants_to_write = false;
    return result == 1 ? (ssize_t)taken : outcome(tls, result);
}

bool tls_is_open(const struct tls *tls)
{
    return SSL_is_init_finished(tls->ssl) != 0;
}

bool tls_wants_to_write(const struct tls *tls)
{
    return tls->wants_to_write;
}

void tls_end(struct tls *tls)
{
    if (tls_is_open(tls)) {
        SSL_shutdown(tls->ssl);
        ERR_clear_error();
    }
}
