/*
 * A client of the relay (relay.c): how far its request is (relay_request.c), and its way to the server
 * (relay_link.c).
 *
 * What has come of a client is kept until it was looked at (`checked`) and the server has taken it. A client is at a
 * head, at a body, or at rest: then the server has the request, and what comes meanwhile waits.
 */
#ifndef BRIDGE_RELAY_CLIENT_H
#define BRIDGE_RELAY_CLIENT_H

#include "base/intake.h"
#include "bridge/chunks.h"
#include "rpc/door.h"

#define CLIENT_AHEAD ((size_t)16 * 1024) /* of a client, that the server or the client has not taken yet */

enum client_phase { AT_HEAD, AT_BODY, AT_REST, AT_END };

struct client {
    enum client_phase phase;
    bool has_ended;  /* sends no more */
    bool is_served;  /* the server is done with the request; the rest of its answer is in the link */
    bool has_answer; /* the client was sent some of it */
    struct intake pending;
    size_t checked; /* of it, to be passed on */
    bool has_turn;  /* the request may be, or is, at the server */
    bool is_ahead;  /* the request came before the last one was answered */
    bool has_next;  /* the next one did: it was there when the answer began */
    bool is_last;   /* behind the answer the connection ends */
    bool is_head;   /* HEAD: its answer has no body */
    bool had_link;
    int64_t waits_since; /* for its turn; 0: it does not */
    int64_t body_until;  /* the body must have come; it has its turn, or its deadline waits with it */
    bool expects_continue;
    int64_t unread_since; /* it has had so much to read that it is asked for nothing; 0: it has not */
    bool is_chunked;
    struct http_chunks chunks;
    uint64_t left; /* of the body, where it is not chunked; else what it has been so far */
};

struct client *client_of(struct guest *guest);

/* ---- requests ---- */

/* Our own answer. Behind it the connection ends: what follows cannot be trusted. Where the server has begun to answer
 * there is no place for another answer. */
void client_refuse(struct guest *guest, unsigned http, const char *message);

/* The next head, its rest, or the rest of the body is to come in its time. */
void client_expect_head(struct guest *guest);
void client_expect_rest(struct guest *guest);
void client_expect_body(struct guest *guest);

/* Its request waits for its turn. */
void client_expect_turn(struct guest *guest);

/* Looks at what is pending: what is as it should be is `checked`, what is not is refused. */
void client_check(struct guest *guest);

/* ---- the way to the server ---- */

/* The request's turn has come. */
void client_take_turn(struct guest *guest);

/* Sends what was checked, as far as the server takes it. Makes the way where there is none yet and it is worth one,
 * when the request has its turn; waits for that else. */
void client_pass_on(struct guest *guest);

/* Reads what the server has written, as much as the client may have in front of it. True where that was all. */
bool client_take_answer(struct guest *guest);

/* The server's end is closed or lost, or the client sends no more of a request; what was answered is sent. */
void client_end(struct guest *guest);

/* Has the door tell of what the link is waited for. */
void client_await_link(struct guest *guest);

#endif
