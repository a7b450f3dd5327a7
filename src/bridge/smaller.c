/*
 * The packed message is its own canonical form: fields in the order of their numbers, no maps.
 */
#include "bridge/smaller.h"

#include "base/digest.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define WORTH_IT   1400 /* bytes: what is smaller fits into one packet as it is */
#define TAG_DIGITS 32
#define GZIP       (15 + 16) /* zlib's word for a window of 32 kB and gzip around it */
#define MEMORY     8         /* zlib's usual: 256 kB while it works */

const char *smaller_tag(struct arena *arena, const struct passage *passage, const ProtobufCMessage *message)
{
    const size_t size = protobuf_c_message_get_packed_size(message);
    unsigned char *const packed = arena_alloc(arena, size + 1);
    unsigned char digest[SHA256_SIZE];
    char hex[SHA256_HEX_SIZE];
    struct sha256 hash;
    protobuf_c_message_pack(message, packed);
    sha256_start(&hash);
    sha256_add(&hash, (struct text){(const char *)packed, size});
    sha256_add(&hash, text_of(TRUSS_VERSION));
    sha256_add(&hash, text_of(passage->route->pattern));
    for (size_t i = 0; i < passage->fields.count; i++) {
        sha256_add(&hash, text_of(","));
        sha256_add(&hash, passage->fields.paths[i]);
    }
    sha256_finish(&hash, digest);
    sha256_hex(digest, hex);
    return arena_printf(arena, "W/\"%.*s\"", TAG_DIGITS, hex);
}

bool smaller_is_known(const struct passage *passage, const char *tag)
{
    const struct text opaque = text_of(strchr(tag, '"'));
    return text_is(text_trim(passage->known), "*") || text_find(passage->known, opaque.data, 0) != SIZE_MAX;
}

static void *zlib_alloc(void *arena, unsigned count, unsigned size)
{
    return arena_alloc(arena, (size_t)count * size);
}

static void zlib_free(void *arena, void *memory)
{
    (void)arena;
    (void)memory;
}

bool smaller_gzip(struct arena *arena, struct text text, struct text *packed)
{
    z_stream stream = {.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = arena};
    if (text.size < WORTH_IT || text.size > UINT_MAX / 2 ||
        deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        return false;
    }
    const size_t most = deflateBound(&stream, text.size);
    char *const out = arena_alloc(arena, most);
    stream.next_in = (unsigned char *)(uintptr_t)text.data;
    stream.avail_in = (unsigned)text.size;
    stream.next_out = (unsigned char *)out;
    stream.avail_out = (unsigned)most;
    const bool ok = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    *packed = (struct text){out, stream.total_out};
    deflateEnd(&stream);
    return ok;
}
