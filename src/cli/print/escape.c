/*
 * Each format has characters with a special meaning; a name or a message may contain any of them.
 */
#include "cli/print/escape.h"

#include "base/text.h"
#include "cli/print/output.h"

#include <string.h>

const char *escape_xml(struct arena *arena, const char *text)
{
    struct buffer out = {.arena = arena};
    for (const char *c = text; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        switch (byte) {
        case '&':
            buffer_puts(&out, "&amp;");
            break;
        case '<':
            buffer_puts(&out, "&lt;");
            break;
        case '>':
            buffer_puts(&out, "&gt;");
            break;
        case '"':
            buffer_puts(&out, "&quot;");
            break;
        default:
            buffer_putc(&out, byte < 0x20 && byte != '\n' && byte != '\t' ? '?' : *c);
        }
    }
    return buffer_string(&out);
}

const char *escape_command(struct arena *arena, const char *text, bool is_property)
{
    struct buffer out = {.arena = arena};
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '%' || *c == '\r' || *c == '\n' || (is_property && (*c == ':' || *c == ','))) {
            buffer_printf(&out, "%%%02X", (unsigned)(unsigned char)*c);
        } else {
            buffer_putc(&out, *c);
        }
    }
    return buffer_string(&out);
}

/* Entities have no special meaning in Markdown, whatever character they stand for. */
static void put_entities(struct buffer *out, const char *text, bool is_prose)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (is_prose && *c == '\n') {
            buffer_puts(out, "<br>");
        } else if (strchr("&<>`|*_~[]#\\$@", *c) != NULL) {
            buffer_printf(out, "&#%u;%s", (unsigned)(unsigned char)*c, is_prose && *c == '@' ? "&#8203;" : "");
        } else {
            buffer_putc(out, *c);
        }
    }
}

static const char *shortened(struct arena *arena, const char *text)
{
    const struct text whole = text_of(text);
    const size_t end = text_byte_of_character(whole, MARKDOWN_CHARACTERS + 1);
    return end >= whole.size ? text : arena_printf(arena, "%.*s…", (int)end, text);
}

const char *escape_markdown(struct arena *arena, const char *text)
{
    struct buffer out = {.arena = arena};
    put_entities(&out, output_safe(arena, shortened(arena, text), true), true);
    return buffer_string(&out);
}

const char *escape_markdown_code(struct arena *arena, const char *text)
{
    struct buffer out = {.arena = arena};
    buffer_puts(&out, "<code>");
    put_entities(&out, output_safe(arena, shortened(arena, text), false), false);
    buffer_puts(&out, "</code>");
    return buffer_string(&out);
}
