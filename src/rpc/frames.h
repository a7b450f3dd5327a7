/*
 * The wire format of the guard's guests, nng's scalability protocols: a greeting, then frames, each a length and its
 * bytes. A request begins with ids, with which its sender, and each device that forwarded it, recognise the reply: four
 * bytes each, the last one with its highest bit set. A guest whose frame is not complete in time, or exceeds the
 * limits, is disconnected.
 */
#ifndef RPC_FRAMES_H
#define RPC_FRAMES_H

#include "base/intake.h"
#include "rpc/door.h"

#define FRAME_HEAD_MOST   9  /* a mark (Unix socket only) and the length */
#define FRAME_ROUTE_BYTES 32 /* ids in front of a request: it may have been forwarded seven times */
#define FRAME_FRONT       (FRAME_HEAD_MOST + FRAME_ROUTE_BYTES)

/* How much of a guest's greeting or frame has arrived; start with {0}. */
struct frames {
    bool has_greeted;
    unsigned char head[FRAME_HEAD_MOST];
    size_t head_size;
    struct intake frame;
    size_t announced;
    char front[FRAME_ROUTE_BYTES]; /* the frame's first bytes */
    size_t come;
    bool is_skipped; /* there was no memory for it: the rest is read and discarded, so that the next one can follow */
};

/* The ids in front of a request. */
struct frame_route {
    char numbers[FRAME_ROUTE_BYTES];
    size_t size;
};

/* Receives each complete frame, borrowed; of a skipped one only its first bytes. It may disconnect the guest. */
typedef void frames_whole(struct guest *guest, struct text frame, bool is_skipped);

/* Sends our greeting. */
void frames_greet(struct guest *guest);

/* Takes bytes that have arrived. Disconnects the guest if they are no frame. */
void frames_take(struct guest *guest, struct frames *frames, struct text bytes, frames_whole *whole);

/* Is a part of a frame buffered? */
bool frames_have_some(const struct frames *frames);

/* Discards what has arrived of a frame and will arrive. When it is complete, frames_whole is called with is_skipped. */
void frames_skip(struct guest *guest, struct frames *frames);

/* Sets the guest's deadline for the next bytes, now that nothing is being sent. */
void frames_wait(struct guest *guest, const struct frames *frames);

/* Frees the buffer. */
void frames_drop(struct frames *frames);

/* Reads the ids in front of a request; false if they do not end. */
bool frame_route_read(struct text frame, struct frame_route *route);

/* Writes the head and the ids that precede a reply's body of `body` bytes. Returns their size. */
size_t frame_front(const struct guest *guest, const struct frame_route *route, size_t body, char front[FRAME_FRONT]);

#endif
