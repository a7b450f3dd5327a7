#include "worker/telemetry/webhook_config.h"

#include "base/private_file.h"
#include "base/toml.h"
#include "worker/telemetry/post.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT   ((size_t)256 * 1024)
#define SECRET_LIMIT ((size_t)4096)
#define LEAST_SECRET 16
#define LONGEST_WAIT 86400
#define USUAL_WAIT   30
#define PREFIX       "webhook."

static const struct {
    enum hook_event event;
    const char *word;
} words[] = {
    {HOOK_STARTED, "run.started"}, {HOOK_LOCK_WAIT, "run.lock_wait"}, {HOOK_DONE, "run.done"},
    {HOOK_FAILED, "run.failed"},   {HOOK_LOST, "run.lost"},           {HOOK_DRIFT, "drift"},
};

const char *hook_event_word(enum hook_event event)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].event == event) {
            return words[i].word;
        }
    }
    return "";
}

static unsigned event_of(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].word, word) == 0) {
            return words[i].event;
        }
    }
    return 0;
}

struct reading {
    struct arena *arena;
    const struct toml *toml;
    struct hook *hook;
    struct status *status;
};

static bool fail_at(const struct reading *reading, const struct toml_entry *entry, const char *what)
{
    return status_fail(reading->status, STATUS_INVALID_ARGUMENT, "%s: %s",
                       toml_place(reading->arena, reading->toml, entry), what);
}

/* What a file contains that only its owner may read, without the white space around it. */
static bool read_line(const struct reading *reading, const struct toml_entry *entry, struct text *line)
{
    struct private_file file;
    if (entry->kind != TOML_STRING) {
        return fail_at(reading, entry, "this is the name of a file.");
    }
    if (!private_file_read(reading->arena, entry->value, SECRET_LIMIT, &file, reading->status)) {
        return false;
    }
    reading->hook->files[strcmp(entry->key, "url_file") == 0 ? 0 : 1] = entry->value;
    *line = text_trim(file.content);
    return line->size > 0 || fail_at(reading, entry, "the file is empty.");
}

/* "whsec_" and base64, as in Standard Webhooks; any other text is the key itself. */
static bool read_secret(const struct reading *reading, const struct toml_entry *entry)
{
    static const char mark[] = "whsec_";
    struct text line;
    if (!read_line(reading, entry, &line)) {
        return false;
    }
    reading->hook->secret = line;
    if (text_starts_with(line, mark)) {
        const struct text coded = text_slice(line, sizeof mark - 1, line.size);
        unsigned char *const key = arena_alloc(reading->arena, coded.size + 1);
        const int size =
            coded.size % 4 != 0 ? -1 : EVP_DecodeBlock(key, (const unsigned char *)coded.data, (int)coded.size);
        const size_t padding = text_ends_with(coded, "==") ? 2u : text_ends_with(coded, "=") ? 1u : 0u;
        if (size < 0) {
            return fail_at(reading, entry, "the text after whsec_ is not base64.");
        }
        reading->hook->secret = (struct text){(const char *)key, (size_t)size - padding};
    }
    return reading->hook->secret.size >= LEAST_SECRET ||
           fail_at(reading, entry, "the secret is shorter than 16 bytes; `openssl rand -hex 32` makes a good one.");
}

static bool read_events(const struct reading *reading, const struct toml_entry *entry)
{
    reading->hook->events = 0;
    for (size_t i = 0; entry->kind == TOML_LIST && i < entry->item_count; i++) {
        const unsigned event = event_of(entry->items[i]);
        if (event == 0) {
            return fail_at(
                reading, entry,
                "there are run.started, run.lock_wait, run.done, run.failed, run.lost and drift, and no other.");
        }
        reading->hook->events |= event;
    }
    return reading->hook->events != 0 || fail_at(reading, entry, "this is a list of one event at least.");
}

static bool read_format(const struct reading *reading, const struct toml_entry *entry)
{
    const bool is_slack = entry->kind == TOML_STRING && strcmp(entry->value, "slack") == 0;
    reading->hook->format = is_slack ? HOOK_SLACK : HOOK_CLOUDEVENTS;
    return is_slack || (entry->kind == TOML_STRING && strcmp(entry->value, "cloudevents") == 0) ||
           fail_at(reading, entry, "the format is \"cloudevents\" or \"slack\".");
}

static bool read_wait(const struct reading *reading, const struct toml_entry *entry)
{
    const long seconds = entry->kind == TOML_INTEGER ? strtol(entry->value, NULL, 10) : -1;
    reading->hook->lock_wait_ms = (uint32_t)(seconds < 0 ? 0 : seconds) * 1000;
    return (seconds >= 0 && seconds <= LONGEST_WAIT) || fail_at(reading, entry, "this is 0 to 86400 seconds.");
}

static bool read_url(const struct reading *reading, const struct toml_entry *entry)
{
    struct text line = text_of(entry->kind == TOML_STRING ? entry->value : "");
    if (strcmp(entry->key, "url_file") == 0 && !read_line(reading, entry, &line)) {
        return false;
    }
    reading->hook->url = arena_strndup(reading->arena, line.data, line.size);
    return (post_prepare() || fail_at(reading, entry, POST_MISSING)) &&
           (post_is_url(reading->hook->url) || fail_at(reading, entry, "this is not an http:// or https:// URL."));
}

static const struct {
    const char *key;
    bool (*read)(const struct reading *reading, const struct toml_entry *entry);
} keys[] = {
    {"url", read_url},       {"url_file", read_url},  {"secret_file", read_secret},
    {"events", read_events}, {"format", read_format}, {"lock_wait_seconds", read_wait},
};

static bool read_entry(const struct reading *reading, const struct toml_entry *entry)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(entry->key, keys[i].key) == 0) {
            return keys[i].read(reading, entry);
        }
    }
    return fail_at(reading, entry, "a webhook has url, url_file, secret_file, events, format and lock_wait_seconds.");
}

static bool read_hook(const struct reading *reading, const struct toml_entry *header)
{
    struct hook *const hook = reading->hook;
    *hook =
        (struct hook){.name = header->table + sizeof PREFIX - 1, .events = HOOK_ALL, .lock_wait_ms = USUAL_WAIT * 1000};
    for (size_t i = 0; i < reading->toml->count; i++) {
        const struct toml_entry *const entry = &reading->toml->entries[i];
        if (strcmp(entry->table, header->table) == 0 && !read_entry(reading, entry)) {
            return false;
        }
    }
    if (hook->url == NULL) {
        return fail_at(reading, header, "a webhook has a url, or a url_file.");
    }
    return hook->secret.size > 0 || hook->format == HOOK_SLACK ||
           fail_at(reading, header,
                   "this webhook has no secret_file, which signs what is sent: openssl rand -hex 32 "
                   ">FILE; chmod 600 FILE");
}

static bool read_all(struct arena *arena, const struct toml *toml, struct hook_list *hooks, struct status *status)
{
    struct reading reading = {arena, toml, NULL, status};
    for (size_t i = 0; i < toml->header_count; i++) {
        const struct toml_entry *const header = &toml->headers[i];
        const struct text table = text_of(header->table);
        if (!text_starts_with(table, PREFIX) || table.size == sizeof PREFIX - 1) {
            return fail_at(&reading, header, "a table of this file is a webhook: [webhook.NAME].");
        }
        if (hooks->count == HOOKS_MOST) {
            return fail_at(&reading, header, "there may be 16 webhooks.");
        }
        reading.hook = &hooks->items[hooks->count++];
        if (!read_hook(&reading, header)) {
            return false;
        }
    }
    return hooks->count > 0 ||
           status_fail(status, STATUS_INVALID_ARGUMENT, "%s has no webhook: [webhook.NAME].", toml->name);
}

bool hooks_read(struct arena *arena, const char *path, struct hook_list *hooks, struct status *status)
{
    struct text content;
    struct toml toml;
    *hooks = (struct hook_list){.count = 0};
    return file_read(arena, path, FILE_LIMIT, &content, status) && toml_read(arena, path, content, &toml, status) &&
           read_all(arena, &toml, hooks, status);
}
