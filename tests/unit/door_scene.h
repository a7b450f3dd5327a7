/*
 * A door and its guests: real connections from several addresses of the loopback network.
 */
#ifndef TESTS_DOOR_SCENE_H
#define TESTS_DOOR_SCENE_H

#include "base/arena.h"
#include "base/clock.h"
#include "rpc/door.h"
#include "support/runner.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST    64
#define WAIT_MS 15000

/* What guests have said. A letter asks for a turn, a small one ahead of time; "." ends it, and "+" when its answer was
 * sent; "=" sends 2,000 bytes; "!" makes a link; "#" has something kept, "$" twice as much, which is noted, or that it
 * was not: "-"; where the room is needed for others, "*" is noted, and "~" has it given up for those of the same
 * address, too. "@3" is what a proxy says. */
static struct {
    pthread_mutex_t mutex;
    char turns[MOST]; /* letters, in the order of their turns */
    size_t said;      /* bytes */
    size_t left;      /* guests */
    size_t spared;    /* links */
} seen = {.mutex = PTHREAD_MUTEX_INITIALIZER};

struct state {
    char letter;
    bool gives_up;
    bool is_named;
    struct intake intake;
};

static struct door *door;
static unsigned guests; /* places */
static unsigned most_turns;
static size_t kept_most;
static const char *proxy; /* one of whose guests what he says is the address, "@2": 127.0.0.2 */
static struct arena *arena;
static int stayed[MOST]; /* clients whom the end of the test lets go */
static int stayed_count;

static inline void note(char turn)
{
    pthread_mutex_lock(&seen.mutex);
    seen.turns[strlen(seen.turns)] = turn;
    pthread_mutex_unlock(&seen.mutex);
}

static inline void on_enter(struct guest *guest)
{
    (void)guest;
}

static inline void make_link(struct guest *guest)
{
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    close(ends[1]);
    guest_set_link(guest, ends[0]);
    guest_link_wants(guest, false, false);
}

static const char many[2000];

static inline void on_byte(struct guest *guest, const char *byte)
{
    struct state *const state = guest_state(guest);
    const struct text one = {byte, 1};
    if (*byte == '.') {
        guest_end_turn(guest);
    } else if (*byte == '+') {
        guest_send_copy(guest, one);
    } else if (*byte == '=') {
        guest_send_copy(guest, (struct text){many, sizeof many});
    } else if (*byte == '!') {
        make_link(guest);
    } else if (*byte == '~') {
        state->gives_up = true;
    } else if (*byte == '@') {
        state->is_named = true;
    } else if (state->is_named) {
        struct sockaddr_storage address = {.ss_family = AF_INET};
        ((struct sockaddr_in *)(void *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(*byte - '1'));
        state->is_named = false;
        guest_set_address(guest, &address);
    } else if (*byte == '#' || *byte == '$') {
        const struct text bytes = *byte == '#' ? one : (struct text){many, sizeof many};
        note(guest_put_aside(guest, &state->intake, bytes, SIZE_MAX) ? *byte : '-');
    } else {
        state->letter = *byte;
        guest_wait_turn(guest, *byte >= 'a');
        guest_keep_place(guest);
    }
}

static inline void on_bytes(struct guest *guest, struct text bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        on_byte(guest, bytes.data + i);
    }
    pthread_mutex_lock(&seen.mutex);
    seen.said += bytes.size;
    pthread_mutex_unlock(&seen.mutex);
}

static inline void on_turn(struct guest *guest)
{
    guest_serve(guest);
    note(((const struct state *)guest_state(guest))->letter);
}

static inline bool on_spare(struct guest *guest, bool is_urgent)
{
    const bool does = !is_urgent && ((const struct state *)guest_state(guest))->letter == 0;
    if (does) {
        guest_drop_link(guest);
        pthread_mutex_lock(&seen.mutex);
        seen.spared++;
        pthread_mutex_unlock(&seen.mutex);
    }
    return does;
}

static inline bool on_full(struct guest *guest, bool is_own)
{
    struct state *const state = guest_state(guest);
    if (is_own && !state->gives_up) {
        return false;
    }
    guest_take_off(guest, &state->intake, state->intake.size);
    note('*');
    return true;
}

static inline bool is_proxy(const void *context, const struct sockaddr_storage *address)
{
    struct in_addr one;
    (void)context;
    return proxy != NULL && inet_pton(AF_INET, proxy, &one) == 1 &&
           ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr == one.s_addr;
}

static inline void on_end(struct guest *guest)
{
    (void)guest;
}

static inline void on_link(struct guest *guest)
{
    (void)guest;
}

static inline void on_leave(struct guest *guest)
{
    intake_drop(&((struct state *)guest_state(guest))->intake);
    pthread_mutex_lock(&seen.mutex);
    seen.left++;
    pthread_mutex_unlock(&seen.mutex);
}

static const struct door_protocol protocol = {
    .state_size = sizeof(struct state),
    .enter = on_enter,
    .bytes = on_bytes,
    .ends = on_end,
    .sent = guest_end_turn,
    .link = on_link,
    .turn = on_turn,
    .spare = on_spare,
    .full = on_full,
    .leave = on_leave,
};

static inline void open_door(unsigned turns, unsigned links)
{
    static const char *const urls[] = {"tcp://127.0.0.1:0", NULL};
    struct status status = {.arena = arena};
    const struct door_options options = {.urls = urls,
                                         .protocol = &protocol,
                                         .guests = guests,
                                         .per_address = MOST,
                                         .links = links,
                                         .turns = turns,
                                         .most_turns = most_turns,
                                         .is_proxy = is_proxy,
                                         .bytes = kept_most};
    door = door_open(&options, &status);
    ck_assert_msg(door != NULL && door_start(door), "%s", status.message);
}

static inline void set_up(void)
{
    arena = arena_new(0);
    memset(seen.turns, 0, sizeof seen.turns);
    seen.said = seen.left = seen.spared = 0;
    guests = MOST;
    most_turns = 0;
    kept_most = 2048;
    proxy = NULL;
}

static inline void tear_down(void)
{
    while (stayed_count > 0) {
        close(stayed[--stayed_count]);
    }
    door_free(door);
    door = NULL;
    arena_free(arena);
}

/* A connection from 127.0.0.HOST, whose first words have arrived. */
static inline int come(int host, const char *words);

/* So far at least: on a busy machine a turn lasts, and the next one is given. */
static inline bool have_turns(const char *turns)
{
    pthread_mutex_lock(&seen.mutex);
    const bool ok = strncmp(seen.turns, turns, strlen(turns)) == 0;
    pthread_mutex_unlock(&seen.mutex);
    return ok;
}

static inline bool has_come(size_t said)
{
    pthread_mutex_lock(&seen.mutex);
    const bool ok = seen.said == said;
    pthread_mutex_unlock(&seen.mutex);
    return ok;
}

static inline void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static inline void turns_are(const char *turns)
{
    for (const int64_t until = deadline_in(WAIT_MS); !have_turns(turns) && !deadline_passed(until);) {
        pause_ms(1);
    }
    ck_assert_msg(have_turns(turns), "\"%s\" does not begin with \"%s\"", seen.turns, turns);
}

static inline void say(int client, const char *words)
{
    pthread_mutex_lock(&seen.mutex);
    const size_t before = seen.said;
    pthread_mutex_unlock(&seen.mutex);
    ck_assert_int_eq(send(client, words, strlen(words), MSG_NOSIGNAL), (ssize_t)strlen(words));
    for (const int64_t until = deadline_in(WAIT_MS); !has_come(before + strlen(words));) {
        ck_assert(!deadline_passed(until));
        pause_ms(1);
    }
}

static inline int come(int host, const char *words)
{
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *const port = strrchr(door_url(door, 0), ':') + 1;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)host - 1)};
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)strtol(port, NULL, 10))};
    ck_assert_int_eq(bind(client, (const struct sockaddr *)&from, sizeof from), 0);
    ck_assert_int_eq(connect(client, (const struct sockaddr *)&to, sizeof to), 0);
    say(client, words);
    return client;
}

static inline void wait_for_leaving(size_t count)
{
    size_t left = 0;
    for (const int64_t until = deadline_in(WAIT_MS); left < count && !deadline_passed(until);) {
        pause_ms(1);
        pthread_mutex_lock(&seen.mutex);
        left = seen.left;
        pthread_mutex_unlock(&seen.mutex);
    }
    ck_assert_uint_eq(left, count);
}

/* The same, until the end of the test. */
static inline void stay(int host, const char *words)
{
    stayed[stayed_count++] = come(host, words);
}

#endif
