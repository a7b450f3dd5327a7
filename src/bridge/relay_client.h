/*
 * A client of the relay (relay.c): the progress of its request (relay_request.c), and its link to the server
 * (relay_link.c).
 *
 * What a client has sent is kept until it was `checked` and the server has taken it. A client is at a head, at a body,
 * or at rest: then the server has the whole request, and further bytes wait.
 */
#ifndef BRIDGE_RELAY_CLIENT_H
#define BRIDGE_RELAY_CLIENT_H

#include "base/intake.h"
#include "bridge/chunks.h"
#include "rpc/door.h"

#define CLIENT_AHEAD ((size_t)16 * 1024) /* buffered for a client, towards the server or the client */

enum client_phase { AT_HEAD, AT_BODY, AT_REST, AT_END };

struct client {
    enum client_phase phase;
    bool has_ended;  /* it sends no more */
    bool is_served;  /* the server has finished the request; the rest of the answer is in the link */
    bool has_answer; /* a part of the answer was sent to the client */
    struct intake pending;
    size_t checked; /* bytes of it that may be passed on */
    bool has_turn;  /* the request may be at the server */
    bool is_ahead;  /* the request arrived before the previous answer */
    bool has_next;  /* the next request was already there when the answer began */
    bool is_last;   /* the connection ends after the answer */
    bool is_head;   /* a HEAD request: the answer has no body */
    bool had_link;
    int64_t waits_since; /* for its turn; 0: it does not wait */
    int64_t body_until;  /* deadline of the body, saved while the request waits for its turn */
    bool expects_continue;
    int64_t unread_since; /* since when it has so much to read that no more is read from it; 0: it has not */
    bool is_chunked;
    struct http_chunks chunks;
    uint64_t left; /* bytes of the body that are still to come; if it is chunked, those that have come */
};

struct client *client_of(struct guest *guest);

/* ---- requests ---- */

/* Sends our own answer and ends the connection, since what follows cannot be trusted. If the server has begun to
 * answer, only ends it. */
void client_refuse(struct guest *guest, unsigned http, const char *message);

/* Set the deadline for the next head, for its rest, and for the rest of the body. */
void client_expect_head(struct guest *guest);
void client_expect_rest(struct guest *guest);
void client_expect_body(struct guest *guest);

/* The request waits for its turn. */
void client_expect_turn(struct guest *guest);

/* Checks what is pending: valid bytes become `checked`, others are refused. */
void client_check(struct guest *guest);

/* ---- the way to the server ---- */

/* The request has its turn. */
void client_take_turn(struct guest *guest);

/* Passes checked bytes on, as far as the server takes them. Opens the link if it is needed and the request has its
 * turn; otherwise waits for the turn. */
void client_pass_on(struct guest *guest);

/* Reads what the server has written, as much as may be buffered for the client. Returns true if that was all. */
bool client_take_answer(struct guest *guest);

/* The server's end is closed or lost, or the client sends no more of a request; what was answered is still sent. */
void client_end(struct guest *guest);

/* Sets the events that the door watches the link for. */
void client_await_link(struct guest *guest);

#endif
