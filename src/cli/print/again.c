#include "cli/print/again.h"

#include "base/text.h"
#include "base/words.h"
#include "cli/table.h"

static bool is_among(const enum option_id *ids, size_t count, enum option_id id)
{
    size_t i = 0;
    while (i < count && ids[i] != id) {
        i++;
    }
    return i < count;
}

/* An option that says where: which worker, project and database, and as whom. Those are the common ones, without what
 * only this answer needed. */
static bool is_place(enum option_id id)
{
    static const enum option_id others[] = {OPTION_json, OPTION_timeout, OPTION_help, OPTION_create_database};
    return id == OPTION_framework ||
           (cli_has_option(cli_common_options, id) && !is_among(others, sizeof others / sizeof others[0], id));
}

/* An option that belongs to one plan or question, or to how an answer is printed: it must not be repeated. */
static bool is_once(enum option_id id)
{
    static const enum option_id once[] = {OPTION_plan, OPTION_plan_hash, OPTION_key,     OPTION_yes,
                                          OPTION_json, OPTION_output,    OPTION_progress};
    return is_among(once, sizeof once / sizeof once[0], id);
}

static void put_word(struct buffer *out, const char *word)
{
    buffer_printf(out, " %s", words_quoted(out->arena, word));
}

static void put_option(struct buffer *out, const struct cli *cli, enum option_id id)
{
    const char *const value = cli_option_value(cli, id);
    buffer_printf(out, " --%s", option_of(id)->name);
    if (option_of(id)->kind == OPTION_SECRET) {
        buffer_puts(out, " …");
    } else if (value != NULL) {
        put_word(out, value);
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
        if (cli_is_on_line(cli, id) && !is_once(id) && !is_among(others, sizeof others / sizeof others[0], id)) {
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
