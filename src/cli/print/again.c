#include "cli/print/again.h"

#include "base/text.h"
#include "base/words.h"
#include "cli/table.h"

#include <stdint.h>
#include <string.h>

static const enum option_id places[] = {
    OPTION_worker, OPTION_project,        OPTION_database_url,  OPTION_config,      OPTION_migrations,
    OPTION_ledger, OPTION_allow_delegate, OPTION_allow_outside, OPTION_framework,   OPTION_token_file,
    OPTION_tls_ca, OPTION_own_cert,       OPTION_own_key,       OPTION_state_schema};

static bool is_place(enum option_id id)
{
    size_t i = 0;
    while (i < sizeof places / sizeof places[0] && places[i] != id) {
        i++;
    }
    return i < sizeof places / sizeof places[0];
}

/* An option that belongs to one plan or question, or to how an answer is printed: it must not be repeated. */
static bool is_once(enum option_id id)
{
    static const enum option_id once[] = {OPTION_plan, OPTION_plan_hash, OPTION_key,     OPTION_yes,
                                          OPTION_json, OPTION_output,    OPTION_progress};
    size_t i = 0;
    while (i < sizeof once / sizeof once[0] && once[i] != id) {
        i++;
    }
    return i < sizeof once / sizeof once[0];
}

static void put_word(struct buffer *out, const char *word)
{
    buffer_printf(out, " %s", words_quoted(out->arena, word));
}

static void put_option(struct buffer *out, const struct cli *cli, enum option_id id)
{
    const struct option *const option = option_of(id);
    const char *const value = (const char *)&cli->given + option->offset;
    buffer_printf(out, " --%s", option->name);
    switch (option->kind) {
    case OPTION_FLAG:
        break;
    case OPTION_TEXT:
    case OPTION_CHOICE: {
        const char *text;
        memcpy(&text, value, sizeof text);
        put_word(out, text);
        break;
    }
    case OPTION_SECRET:
        buffer_puts(out, " …");
        break;
    case OPTION_SECONDS:
    case OPTION_SECONDS_OR_NONE:
    case OPTION_MILLISECONDS:
    case OPTION_NUMBER:
    case OPTION_HOURS: {
        uint32_t number;
        memcpy(&number, value, sizeof number);
        const bool has_unit = option->kind == OPTION_SECONDS || option->kind == OPTION_SECONDS_OR_NONE;
        buffer_printf(out, " %u%s", number, has_unit ? "ms" : "");
        break;
    }
    case OPTION_SIZE: {
        size_t size;
        memcpy(&size, value, sizeof size);
        buffer_printf(out, " %zu", size);
        break;
    }
    }
}

static void put_options(struct buffer *out, const struct cli *cli, bool only_places, enum option_id left_out)
{
    for (size_t i = 0; cli->command->options[i] != OPTION_NONE; i++) {
        const enum option_id id = cli->command->options[i];
        if (cli_is_on_line(cli, id) && id != left_out && !is_once(id) && (!only_places || is_place(id))) {
            put_option(out, cli, id);
        }
    }
}

const char *again_place(const struct cli *cli, const char *command)
{
    struct buffer out = {.arena = cli->arena};
    buffer_printf(&out, "truss %s", command);
    put_options(&out, cli, true, OPTION_NONE);
    return buffer_string(&out);
}

const char *again_run(const struct cli *cli, const char *plan_hash)
{
    static const enum option_id others[] = {OPTION_save, OPTION_verbose};
    struct buffer out = {.arena = cli->arena};
    buffer_puts(&out, "truss run");
    for (int i = 0; i < cli->word_count; i++) {
        put_word(&out, cli->words[i]);
    }
    for (size_t i = 0; cli->command->options[i] != OPTION_NONE; i++) {
        const enum option_id id = cli->command->options[i];
        if (cli_is_on_line(cli, id) && !is_once(id) && id != others[0] && id != others[1]) {
            put_option(&out, cli, id);
        }
    }
    buffer_printf(&out, " --plan-hash %s", plan_hash);
    return buffer_string(&out);
}

const char *again_same(const struct cli *cli)
{
    return again_without(cli, OPTION_NONE);
}

const char *again_without(const struct cli *cli, enum option_id id)
{
    struct buffer out = {.arena = cli->arena};
    buffer_printf(&out, "truss %s", cli->command->name);
    for (int i = 0; i < cli->word_count; i++) {
        put_word(&out, cli->words[i]);
    }
    put_options(&out, cli, false, id);
    return buffer_string(&out);
}
