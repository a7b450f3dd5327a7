/*
 * A thread accepts, one more for each connection runs the script. All of them end when their sockets are shut down.
 */
#include "fake_postgres.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST_CLIENTS   4096
#define MOST_DESCRIBED 64 /* columns */
#define MOST_MESSAGE   ((size_t)64 << 20)
#define TYPE_TEXT      25
#define VERSION_3      196608
#define CODE_CANCEL    80877102
#define CODE_SSL       80877103
#define CODE_GSS       80877104
#define HELD_REQUESTS  64

struct fake_postgres {
    struct fake_options options;
    char url[160];
    int listener;
    pthread_t accepting;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ending;
    size_t connections;
    size_t cancels;
    size_t held_count;
    int held[HELD_REQUESTS]; /* connections of cancel requests that are never closed */
    size_t client_count;
    struct fake_client *clients[MOST_CLIENTS];
};

struct fake_client {
    struct fake_postgres *fake;
    pthread_t thread;
    int socket;
    size_t number;
    char type;
    char *taken;
    size_t taken_size;
    bool gone; /* it takes nothing any more */
    bool keeping;
    char *kept;
    size_t kept_size;
};

static char problem[512];

/* ---- bytes ---- */

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* Only the first is told: what follows is mostly its consequence. */
static void complain(struct fake_postgres *fake, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(struct fake_postgres *fake, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&fake->mutex);
    if (problem[0] == '\0') {
        vsnprintf(problem, sizeof problem, format, arguments);
    }
    pthread_mutex_unlock(&fake->mutex);
    va_end(arguments);
}

static uint32_t number_at(const char *bytes)
{
    uint32_t number;
    memcpy(&number, bytes, sizeof number);
    return ntohl(number);
}

static bool read_exactly(int socket, char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got = recv(socket, bytes + done, size - done, 0);
        if (got <= 0) {
            return false;
        }
        done += (size_t)got;
    }
    return true;
}

bool fake_bytes(struct fake_client *client, const void *bytes, size_t size)
{
    if (client->keeping) {
        client->kept = must(realloc(client->kept, client->kept_size + size + 1));
        memcpy(client->kept + client->kept_size, bytes, size);
        client->kept_size += size;
        return true;
    }
    for (size_t done = 0; done < size;) {
        const ssize_t sent = send(client->socket, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
        if (sent <= 0) {
            client->gone = true;
            return false;
        }
        done += (size_t)sent;
    }
    return true;
}

bool fake_message(struct fake_client *client, char type, const void *body, size_t size)
{
    char *const message = must(malloc(size + 5));
    const uint32_t length = htonl((uint32_t)size + 4);
    message[0] = type;
    memcpy(message + 1, &length, sizeof length);
    if (size > 0) {
        memcpy(message + 5, body, size);
    }
    const bool sent = fake_bytes(client, message, size + 5);
    free(message);
    return sent;
}

/* The body of a message, while it is made. */
struct body {
    char *bytes;
    size_t size;
};

static void put(struct body *body, const void *bytes, size_t size)
{
    body->bytes = must(realloc(body->bytes, body->size + size + 1));
    memcpy(body->bytes + body->size, bytes, size);
    body->size += size;
}

static void put_text(struct body *body, const char *text)
{
    put(body, text, strlen(text) + 1);
}

static void put_32(struct body *body, uint32_t number)
{
    number = htonl(number);
    put(body, &number, sizeof number);
}

static void put_16(struct body *body, int number)
{
    const uint16_t bytes = htons((uint16_t)number);
    put(body, &bytes, sizeof bytes);
}

static void send_body(struct fake_client *client, char type, struct body *body)
{
    fake_message(client, type, body->bytes, body->size);
    free(body->bytes);
}

void fake_keep(struct fake_client *client)
{
    client->keeping = true;
}

const void *fake_kept(struct fake_client *client, size_t *size)
{
    client->keeping = false;
    *size = client->kept_size;
    return client->kept;
}

/* ---- what the client says ---- */

/* A message's body behind its length; false where the client has gone. */
static bool read_body(struct fake_client *client)
{
    char length[4];
    free(client->taken);
    client->taken = NULL;
    if (!read_exactly(client->socket, length, sizeof length)) {
        return false;
    }
    const size_t size = number_at(length);
    if (size < sizeof length || size > MOST_MESSAGE) {
        complain(client->fake, "a message of %zu bytes", size);
        return false;
    }
    client->taken_size = size - sizeof length;
    client->taken = must(malloc(client->taken_size + 1));
    client->taken[client->taken_size] = '\0';
    return read_exactly(client->socket, client->taken, client->taken_size);
}

const char *fake_take(struct fake_client *client, char type, const char *part)
{
    if (!read_exactly(client->socket, &client->type, 1) || !read_body(client)) {
        complain(client->fake, "connection %zu ended where a '%c' was expected", client->number,
                 type == 0 ? '?' : type);
        return NULL;
    }
    if (type != 0 && client->type != type) {
        complain(client->fake, "a '%c' came where a '%c' was expected: %.200s", client->type, type, client->taken);
        return NULL;
    }
    if (part != NULL && memmem(client->taken, client->taken_size, part, strlen(part)) == NULL) {
        complain(client->fake, "\"%s\" was expected, and this came: %.200s", part, client->taken);
        return NULL;
    }
    return client->taken;
}

const char *fake_take_query(struct fake_client *client, const char *part)
{
    const char *const parse = fake_take(client, 'P', part);
    if (parse == NULL) {
        return NULL;
    }
    char *const statement = must(strdup(parse + strlen(parse) + 1));
    for (const char *type = "BDES"; *type != '\0'; type++) {
        if (fake_take(client, *type, NULL) == NULL) {
            free(statement);
            return NULL;
        }
    }
    free(client->taken);
    client->taken = statement;
    client->taken_size = strlen(statement);
    return statement;
}

char fake_taken_type(const struct fake_client *client)
{
    return client->type;
}

size_t fake_taken_size(const struct fake_client *client)
{
    return client->taken_size;
}

size_t fake_number(const struct fake_client *client)
{
    return client->number;
}

/* ---- what the server says ---- */

void fake_authentication_ok(struct fake_client *client)
{
    fake_message(client, 'R', "\0\0\0\0", 4);
}

void fake_parameter(struct fake_client *client, const char *name, const char *value)
{
    struct body body = {0};
    put_text(&body, name);
    put_text(&body, value);
    send_body(client, 'S', &body);
}

void fake_key(struct fake_client *client, uint32_t pid, uint32_t secret)
{
    struct body body = {0};
    put_32(&body, pid);
    put_32(&body, secret);
    send_body(client, 'K', &body);
}

void fake_ready(struct fake_client *client, char transaction)
{
    fake_message(client, 'Z', &transaction, 1);
}

void fake_columns(struct fake_client *client, int columns, const char *const *names)
{
    struct body body = {0};
    put_16(&body, columns);
    for (int i = 0; i < columns; i++) {
        put_text(&body, names[i]);
        put_32(&body, 0);
        put_16(&body, 0);
        put_32(&body, TYPE_TEXT);
        put_16(&body, -1);
        put_32(&body, UINT32_MAX);
        put_16(&body, 0);
    }
    send_body(client, 'T', &body);
}

void fake_row_description(struct fake_client *client, int columns)
{
    char names[MOST_DESCRIBED][16];
    const char *all[MOST_DESCRIBED];
    for (int i = 0; i < columns && i < MOST_DESCRIBED; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i + 1);
        all[i] = names[i];
    }
    fake_columns(client, columns < MOST_DESCRIBED ? columns : MOST_DESCRIBED, all);
}

void fake_row(struct fake_client *client, int columns, ...)
{
    struct body body = {0};
    va_list values;
    va_start(values, columns);
    put_16(&body, columns);
    for (int i = 0; i < columns; i++) {
        const char *const value = va_arg(values, const char *);
        put_32(&body, value == NULL ? UINT32_MAX : (uint32_t)strlen(value));
        put(&body, value == NULL ? "" : value, value == NULL ? 0 : strlen(value));
    }
    va_end(values);
    send_body(client, 'D', &body);
}

void fake_complete(struct fake_client *client, const char *tag)
{
    fake_message(client, 'C', tag, strlen(tag) + 1);
}

void fake_parsed(struct fake_client *client)
{
    fake_message(client, '1', "", 0);
    fake_message(client, '2', "", 0);
}

static void put_field(struct body *body, char field, const char *value)
{
    if (value != NULL) {
        put(body, &field, 1);
        put_text(body, value);
    }
}

static void send_error(struct fake_client *client, char type, const struct fake_error *error)
{
    struct body body = {0};
    put_field(&body, 'S', error->severity == NULL ? "ERROR" : error->severity);
    put_field(&body, 'V', error->is_poolers ? NULL : error->severity == NULL ? "ERROR" : error->severity);
    put_field(&body, 'C', error->sqlstate);
    put_field(&body, 'M', error->message);
    put_field(&body, 'D', error->detail);
    put_field(&body, 'H', error->hint);
    put_field(&body, 'P', error->position);
    put_field(&body, 'W', error->context);
    put(&body, "", 1);
    send_body(client, type, &body);
}

void fake_error(struct fake_client *client, const struct fake_error *error)
{
    send_error(client, 'E', error);
}

void fake_notice(struct fake_client *client, const struct fake_error *notice)
{
    send_error(client, 'N', notice);
}

void fake_copy(struct fake_client *client, char type)
{
    fake_message(client, type, "\0\0\1\0\0", 5);
}

void fake_copy_data(struct fake_client *client, const char *text)
{
    fake_message(client, 'd', text, strlen(text));
}

/* ---- ends and waits ---- */

void fake_close(struct fake_client *client)
{
    shutdown(client->socket, SHUT_RDWR);
}

void fake_reset(struct fake_client *client)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    pthread_mutex_lock(&client->fake->mutex); /* fake_stop() may be at this socket */
    setsockopt(client->socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(client->socket);
    client->socket = -1;
    pthread_mutex_unlock(&client->fake->mutex);
}

void fake_half_close(struct fake_client *client)
{
    shutdown(client->socket, SHUT_WR);
}

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

bool fake_wait_gone(struct fake_client *client, int ms)
{
    char bytes[4096];
    const int64_t until = now_ms() + ms;
    struct pollfd fd = {.fd = client->socket, .events = POLLIN};
    for (int64_t left; (left = until - now_ms()) > 0;) {
        if (poll(&fd, 1, (int)left) > 0 && recv(client->socket, bytes, sizeof bytes, MSG_DONTWAIT) <= 0) {
            return true;
        }
    }
    return false;
}

bool fake_gone(const struct fake_client *client)
{
    return client->gone;
}

void fake_pause(struct fake_client *client, int ms)
{
    struct pollfd fd = {.fd = client->socket, .events = POLLRDHUP};
    poll(&fd, 1, ms);
}

bool fake_wait_cancel(struct fake_client *client, size_t count, int ms)
{
    struct fake_postgres *const fake = client->fake;
    struct timespec until;
    int failed = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&fake->mutex);
    while (fake->cancels < count && failed == 0) {
        failed = pthread_cond_timedwait(&fake->changed, &fake->mutex, &until);
    }
    const bool came = fake->cancels >= count;
    pthread_mutex_unlock(&fake->mutex);
    return came;
}

/* ---- the server ---- */

static void greet(struct fake_client *client)
{
    fake_authentication_ok(client);
    fake_parameter(client, "server_version", "15.18");
    fake_parameter(client, "client_encoding", "UTF8");
    fake_parameter(client, "standard_conforming_strings", "on");
    fake_key(client, 4711, 42);
    fake_ready(client, 'I');
}

/* Takes note of a cancel request; its connection may be kept open. */
static void take_cancel(struct fake_client *client)
{
    struct fake_postgres *const fake = client->fake;
    pthread_mutex_lock(&fake->mutex);
    fake->cancels += fake->options.cancel != FAKE_CANCEL_UNHEARD ? 1 : 0;
    if (fake->options.cancel == FAKE_CANCEL_UNCLOSED && fake->held_count < HELD_REQUESTS) {
        fake->held[fake->held_count++] = client->socket;
        client->socket = -1;
    }
    pthread_cond_broadcast(&fake->changed);
    pthread_mutex_unlock(&fake->mutex);
}

/* True behind a startup message; encryption is refused, a cancel request is taken. */
static bool start_up(struct fake_client *client)
{
    while (read_body(client) && client->taken_size >= 4) {
        switch (number_at(client->taken)) {
        case CODE_SSL:
        case CODE_GSS:
            fake_bytes(client, "N", 1);
            break;
        case CODE_CANCEL:
            take_cancel(client);
            return false;
        case VERSION_3:
            return true;
        default:
            complain(client->fake, "a startup message with code %u", number_at(client->taken));
            return false;
        }
    }
    return false;
}

static void *serve(void *data)
{
    struct fake_client *const client = data;
    struct fake_postgres *const fake = client->fake;
    if (start_up(client)) {
        pthread_mutex_lock(&fake->mutex);
        client->number = fake->connections++;
        pthread_mutex_unlock(&fake->mutex);
        if (fake->options.greeting == NULL) {
            greet(client);
        } else {
            fake->options.greeting(client, fake->options.data);
        }
        if (client->socket >= 0 && fake->options.script != NULL) {
            fake->options.script(client, fake->options.data);
        }
    }
    pthread_mutex_lock(&fake->mutex);
    if (client->socket >= 0) {
        close(client->socket);
        client->socket = -1;
    }
    pthread_mutex_unlock(&fake->mutex);
    return NULL;
}

static void begin_client(struct fake_postgres *fake, int socket)
{
    const int yes = 1, little = 65536; /* under way, so that a script soon feels what the client does */
    struct fake_client *const client = must(calloc(1, sizeof *client));
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    client->fake = fake;
    client->socket = socket;
    pthread_mutex_lock(&fake->mutex);
    if (fake->client_count == MOST_CLIENTS || pthread_create(&client->thread, NULL, serve, client) != 0) {
        abort();
    }
    fake->clients[fake->client_count++] = client;
    if (fake->ending) { /* fake_stop() has shut down those before it */
        shutdown(socket, SHUT_RDWR);
    }
    pthread_mutex_unlock(&fake->mutex);
}

static void *accept_all(void *data)
{
    struct fake_postgres *const fake = data;
    for (;;) {
        /* cppcheck-suppress nullPointer */
        const int socket = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
        pthread_mutex_lock(&fake->mutex);
        const bool ending = fake->ending;
        pthread_mutex_unlock(&fake->mutex);
        if (ending) {
            if (socket >= 0) {
                close(socket);
            }
            return NULL;
        }
        if (socket >= 0) {
            begin_client(fake, socket);
        }
    }
}

struct fake_postgres *fake_start(const struct fake_options *options)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct fake_postgres *const fake = must(calloc(1, sizeof *fake));
    fake->options = *options;
    problem[0] = '\0';
    pthread_mutex_init(&fake->mutex, NULL);
    pthread_cond_init(&fake->changed, NULL);
    fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fake->listener < 0 || bind(fake->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(fake->listener, SOMAXCONN) != 0 ||
        getsockname(fake->listener, (struct sockaddr *)&address, &size) != 0 ||
        pthread_create(&fake->accepting, NULL, accept_all, fake) != 0) {
        abort();
    }
    snprintf(fake->url, sizeof fake->url, "postgresql://tester@127.0.0.1:%d/fake?sslmode=disable",
             ntohs(address.sin_port));
    return fake;
}

static void free_client(struct fake_client *client)
{
    pthread_join(client->thread, NULL);
    free(client->taken);
    free(client->kept);
    free(client);
}

const char *fake_stop(struct fake_postgres *fake)
{
    pthread_mutex_lock(&fake->mutex);
    fake->ending = true;
    for (size_t i = 0; i < fake->client_count; i++) {
        if (fake->clients[i]->socket >= 0) {
            shutdown(fake->clients[i]->socket, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&fake->mutex);
    shutdown(fake->listener, SHUT_RDWR);
    pthread_join(fake->accepting, NULL);
    for (size_t i = 0; i < fake->client_count; i++) {
        free_client(fake->clients[i]);
    }
    for (size_t i = 0; i < fake->held_count; i++) {
        close(fake->held[i]);
    }
    close(fake->listener);
    pthread_cond_destroy(&fake->changed);
    pthread_mutex_destroy(&fake->mutex);
    free(fake);
    return problem[0] == '\0' ? NULL : problem;
}

const char *fake_url(const struct fake_postgres *fake)
{
    return fake->url;
}

size_t fake_connections(struct fake_postgres *fake)
{
    pthread_mutex_lock(&fake->mutex);
    const size_t count = fake->connections;
    pthread_mutex_unlock(&fake->mutex);
    return count;
}

size_t fake_cancels(struct fake_postgres *fake)
{
    pthread_mutex_lock(&fake->mutex);
    const size_t count = fake->cancels;
    pthread_mutex_unlock(&fake->mutex);
    return count;
}
