/*
 * What guests of the guard speak: the scalability protocols' greeting, then frames, which are a length and its bytes.
 * In front of a request stand the numbers by which its sender, and whoever passed it on, know the reply: four bytes
 * each, the last one with its highest bit set. A frame comes whole within its time and its bounds, or its guest goes.
 */
#ifndef RPC_FRAMES_H
#define RPC_FRAMES_H

#include "base/intake.h"
#include "rpc/door.h"

#define FRAME_HEAD_MOST   9  /* a mark on a Unix socket, and the length */
#define FRAME_ROUTE_BYTES 32 /* numbers in front of a request: it may have been passed on seven times */
#define FRAME_FRONT       (FRAME_HEAD_MOST + FRAME_ROUTE_BYTES)

/* How far a guest's greeting or frame has come; {0} at first. */
struct frames {
    bool has_greeted;
    unsigned char head[FRAME_HEAD_MOST];
    size_t head_size;
    struct intake frame;
    size_t announced;
    char front[FRAME_ROUTE_BYTES]; /* its first bytes */
    size_t come;
    bool is_skipped; /* there was no room for it: the rest is read for nobody, so that the next one can be */
};

/* The numbers in front. */
struct frame_route {
    char numbers[FRAME_ROUTE_BYTES];
    size_t size;
};

/* Called with each whole frame, borrowed; of one that was skipped with its first bytes. It may let the guest go. */
typedef void frames_whole(struct guest *guest, struct text frame, bool is_skipped);

/* Sends our greeting. */
void frames_greet(struct guest *guest);

/* Takes bytes that have come. Where they are no frame the guest is let go. */
void frames_take(struct guest *guest, struct frames *frames, struct text bytes, frames_whole *whole);

/* True where a frame has come in part, which is kept. */
bool frames_have_some(const struct frames *frames);

/* Keeps nothing of the frame that is coming: the rest of it is read for nobody, and it is whole as one that was
 * skipped.
 */
void frames_skip(struct guest *guest, struct frames *frames);

/* Nothing is being sent any more: waits for what is to come now. */
void frames_wait(struct guest *guest, const struct frames *frames);

/* Releases what has come. */
void frames_drop(struct frames *frames);

/* Reads the numbers in front of a request; false where they do not end. */
bool frame_route_read(struct text frame, struct frame_route *route);

/* Writes the front of a frame to a guest whose body has so many bytes; its size. */
size_t frame_front(const struct guest *guest, const struct frame_route *route, size_t body, char front[FRAME_FRONT]);

#endif
