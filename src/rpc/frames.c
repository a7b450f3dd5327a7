/*
 * Each function takes its own part from the front of the bytes.
 */
#include "rpc/frames.h"

#include "base/clock.h"
#include "base/limits.h"

#include <string.h>

#define GREETING_MS    5000
#define FRAME_MS       10000
#define FRAME_BYTES_MS 64 /* beyond that, bytes that must arrive in each millisecond */
#define GREETING_SIZE  8
#define NUMBER_SIZE    4
#define LENGTH_SIZE    8

static const char their_greeting[GREETING_SIZE] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
static const char our_greeting[GREETING_SIZE] = {0, 'S', 'P', 0, 0, 0x31, 0, 0};

void frames_greet(struct guest *guest)
{
    guest_send_copy(guest, (struct text){our_greeting, GREETING_SIZE});
}

/* ---- the numbers in front ---- */

bool frame_route_read(struct text frame, struct frame_route *route)
{
    for (size_t at = 0; at + NUMBER_SIZE <= frame.size && at < FRAME_ROUTE_BYTES; at += NUMBER_SIZE) {
        if (((unsigned char)frame.data[at] & 0x80) != 0) {
            route->size = at + NUMBER_SIZE;
            memcpy(route->numbers, frame.data, route->size);
            return true;
        }
    }
    return false;
}

size_t frame_front(const struct guest *guest, const struct frame_route *route, size_t body, char front[FRAME_FRONT])
{
    const uint64_t length = route->size + body;
    size_t at = 0;
    if (guest_is_unix(guest)) {
        front[at++] = 1;
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
        front[at++] = (char)(length >> shift);
    }
    memcpy(front + at, route->numbers, route->size);
    return at + route->size;
}

/* ---- frames ---- */

/* Reads the length from the head; false if it is invalid. */
static bool read_length(struct guest *guest, struct frames *frames)
{
    const bool is_unix = guest_is_unix(guest);
    uint64_t length = 0;
    for (int i = 0; i < LENGTH_SIZE; i++) {
        length = length << 8 | frames->head[(is_unix ? 1 : 0) + i];
    }
    if ((is_unix && frames->head[0] != 1) || length < NUMBER_SIZE || length > LIMIT_MESSAGE + FRAME_ROUTE_BYTES) {
        return false;
    }
    frames->announced = (size_t)length;
    guest_expect(guest, clock_ms() + FRAME_MS + (int64_t)(length / FRAME_BYTES_MS));
    return true;
}

/* Takes bytes of the greeting, or of a frame's head. Returns true when it is complete. */
static bool take_head(struct frames *frames, struct text *bytes, size_t whole)
{
    const struct text part = text_slice(*bytes, 0, whole - frames->head_size);
    memcpy(frames->head + frames->head_size, part.data, part.size);
    frames->head_size += part.size;
    *bytes = text_slice(*bytes, part.size, bytes->size);
    return frames->head_size == whole;
}

static bool take_greeting(struct guest *guest, struct frames *frames, struct text *bytes)
{
    if (!take_head(frames, bytes, GREETING_SIZE)) {
        return true;
    }
    frames->has_greeted = memcmp(frames->head, their_greeting, GREETING_SIZE) == 0;
    frames->head_size = 0;
    guest_expect(guest, NO_DEADLINE);
    return frames->has_greeted;
}

static void note_front(struct frames *frames, struct text part)
{
    const size_t known = frames->come < FRAME_ROUTE_BYTES ? frames->come : FRAME_ROUTE_BYTES;
    const struct text more = text_slice(part, 0, FRAME_ROUTE_BYTES - known);
    if (more.size > 0) {
        memcpy(frames->front + known, more.data, more.size);
    }
    frames->come += part.size;
}

bool frames_have_some(const struct frames *frames)
{
    return frames->frame.size > 0;
}

void frames_skip(struct guest *guest, struct frames *frames)
{
    frames->is_skipped = true;
    guest_take_off(guest, &frames->frame, frames->frame.size);
}

static void take_frame(struct guest *guest, struct frames *frames, struct text *bytes, frames_whole *whole)
{
    const struct text part = text_slice(*bytes, 0, frames->announced - frames->come);
    *bytes = text_slice(*bytes, part.size, bytes->size);
    note_front(frames, part);
    if (!frames->is_skipped && !guest_put_aside(guest, &frames->frame, part, frames->announced)) {
        frames_skip(guest, frames);
    }
    if (frames->come == frames->announced) {
        const size_t known = frames->come < FRAME_ROUTE_BYTES ? frames->come : FRAME_ROUTE_BYTES;
        const struct text front = {frames->front, known};
        guest_expect(guest, NO_DEADLINE);
        whole(guest, frames->is_skipped ? front : (struct text){frames->frame.bytes, frames->frame.size},
              frames->is_skipped);
        guest_take_off(guest, &frames->frame, frames->frame.size);
        frames->head_size = frames->announced = frames->come = 0;
        frames->is_skipped = false;
    }
}

static bool take_some(struct guest *guest, struct frames *frames, struct text *bytes, frames_whole *whole)
{
    if (!frames->has_greeted) {
        return take_greeting(guest, frames, bytes);
    }
    if (frames->announced > 0) {
        take_frame(guest, frames, bytes, whole);
        return true;
    }
    guest_expect(guest, clock_ms() + FRAME_MS);
    return !take_head(frames, bytes, LENGTH_SIZE + (guest_is_unix(guest) ? 1U : 0U)) || read_length(guest, frames);
}

void frames_take(struct guest *guest, struct frames *frames, struct text bytes, frames_whole *whole)
{
    while (bytes.size > 0 && door_find(guest_door(guest), guest_name_of(guest)) != NULL) {
        if (!take_some(guest, frames, &bytes, whole)) {
            guest_leave(guest);
        }
    }
}

void frames_wait(struct guest *guest, const struct frames *frames)
{
    if (!frames->has_greeted) {
        guest_expect(guest, clock_ms() + GREETING_MS);
    } else if (frames->head_size > 0) {
        guest_expect(guest, clock_ms() + FRAME_MS + (int64_t)((frames->announced - frames->come) / FRAME_BYTES_MS));
    }
}

void frames_drop(struct frames *frames)
{
    intake_drop(&frames->frame);
}
