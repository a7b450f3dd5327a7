/*
 * The value of a placeholder: from the configuration, ignoring case, or one of Flyway's own.
 */
#include "framework/flyway/flyway_fill.h"

#include "base/clock.h"
#include "base/files.h"
#include "framework/core/listing.h"
#include "framework/core/script.h"
#include "framework/flyway/flyway_names.h"

#include <stdint.h>
#include <string.h>

#define CONF_LIMIT ((size_t)64 * 1024)

struct flyway_conf flyway_conf_of(struct arena *arena, const char *path, const struct flyway_settings *settings)
{
    const char *const file = arena_printf(arena, "%s.conf", path);
    struct status unread = {.arena = arena};
    struct flyway_conf conf = {
        .is_alone = settings->is_alone, .says_how = settings->is_alone, .replaces = settings->replaces};
    struct text content;
    size_t count = 0;
    if (file_look(file, NULL) != FILE_REGULAR) {
        return conf;
    }
    if (!file_read(arena, file, CONF_LIMIT, &content, &unread)) {
        conf.unread = unread.message;
        return conf;
    }
    const struct config_pair *const pairs = config_pairs(arena, content, NULL, "", &count);
    for (size_t i = 0; i < count; i++) {
        const struct text value = text_of(pairs[i].value);
        const bool is_true = text_is_nocase(value, "true");
        const bool is_flag = is_true || text_is_nocase(value, "false");
        if (strcmp(pairs[i].key, "executeInTransaction") == 0 && is_flag) {
            conf.is_alone = !is_true;
            conf.says_how = true;
        } else if (strcmp(pairs[i].key, "placeholderReplacement") == 0 && is_flag) {
            conf.replaces = is_true;
        } else if (strcmp(pairs[i].key, "encoding") != 0 || !flyway_is_utf8(pairs[i].value)) {
            conf.problem = pairs[i].key;
        }
    }
    return conf;
}

struct filling {
    bool is_for_checksum;
    const struct flyway_settings *settings;
    const struct folder *folder;
    const struct migration_file *file;
};

/* Flyway's own placeholders, as far as they are known without the server. */
static const char *own_value(const struct filling *filling, struct text name)
{
    const struct flyway_name *const said = filling->file->own;
    const char *const schema = filling->folder->ledger.schema;
    return text_is(name, "flyway:filename")        ? path_name(said->script)
           : text_is(name, "flyway:defaultSchema") ? (schema == NULL ? "public" : schema)
           : text_is(name, "flyway:table")
               ? (filling->folder->ledger.table == NULL ? "flyway_schema_history" : filling->folder->ledger.table)
           : text_is(name, "flyway:database") ? filling->folder->database
           : text_is(name, "flyway:user")     ? filling->folder->user
                                              : NULL;
}

static const char *placeholder(void *data, struct arena *arena, struct text name)
{
    const struct filling *const filling = data;
    for (size_t i = 0; i < filling->settings->placeholder_count; i++) {
        if (text_is_nocase(name, filling->settings->placeholders[i].key)) {
            return filling->settings->placeholders[i].value;
        }
    }
    /* With a time in it a checksum would be another each time (flyway_files.c). */
    return text_is(name, "flyway:timestamp") && !filling->is_for_checksum
               ? name_time(arena, "%Y-%m-%d %H:%M:%S", clock_wall_us())
               : own_value(filling, name);
}

bool flyway_check_conf(const struct script_request *request)
{
    const struct flyway_conf conf =
        flyway_conf_of(request->arena, request->file->path, flyway_settings_of(request->folder));
    if (conf.unread != NULL) {
        return status_fail(request->status, STATUS_FAILED_PRECONDITION, "How %s is run is not known: %s",
                           request->file->filename, conf.unread);
    }
    return conf.problem == NULL ||
           status_fail(
               request->status, STATUS_FAILED_PRECONDITION,
               "%s.conf says %s, which only flyway itself follows, or stops at: run this migration with flyway.",
               request->file->filename, conf.problem);
}

bool flyway_fill(const struct script_request *request)
{
    struct filling filling = {request->project == NULL, flyway_settings_of(request->folder), request->folder,
                              request->file};
    const struct script_placeholders words = {.open = filling.settings->placeholder_prefix,
                                              .close = filling.settings->placeholder_suffix,
                                              .find = placeholder,
                                              .data = &filling};
    request->script->sql = request->content;
    if (!flyway_conf_of(request->arena, request->file->path, filling.settings).replaces ||
        text_find(request->content, words.open, 0) == SIZE_MAX ||
        script_fill(request->arena, request->content, &words, &request->script->sql, request->status)) {
        return true;
    }
    return status_fail(request->status, STATUS_FAILED_PRECONDITION, "%s: %s", request->file->filename,
                       arena_strdup(request->arena, request->status->message));
}
