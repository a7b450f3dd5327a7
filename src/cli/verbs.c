#include "cli/verbs.h"

#include "base/near.h"
#include "base/text.h"
#include "cli/table.h"

#include <string.h>

const struct cli_verb *cli_verb_find(const struct cli_command *command, const char *name)
{
    for (const struct cli_verb *verb = command->verbs; verb != NULL && verb->name != NULL; verb++) {
        if (strcmp(verb->name, name) == 0) {
            return verb;
        }
    }
    return NULL;
}

bool cli_verb_takes(const struct cli_verb *verb, enum option_id id)
{
    return cli_has_option(cli_common_options, id) || cli_has_option(verb->options, id);
}

/* The verb that takes this option; named in the error if another verb was given it. */
static const char *taken_by(const struct cli_command *command, enum option_id id)
{
    const struct cli_verb *verb = command->verbs;
    while (verb->name != NULL && !cli_has_option(verb->options, id)) {
        verb++;
    }
    return verb->name;
}

static bool check_options(const struct cli *cli, const struct cli_verb *verb)
{
    const struct cli_command *const command = cli->command;
    for (size_t i = 0; command->options[i] != OPTION_NONE; i++) {
        const enum option_id id = command->options[i];
        if (!cli_is_on_line(cli, id) || cli_verb_takes(verb, id)) {
            continue;
        }
        const char *const other = taken_by(command, id);
        const char *const usage =
            arena_printf(cli->arena, "Usage: truss %s %s%s%s", command->name, verb->name,
                         verb->arguments == NULL ? "" : " ", verb->arguments == NULL ? "" : verb->arguments);
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "truss %s %s takes no --%s.", command->name, verb->name,
                    option_of(id)->name);
        cli->status->hint = other == NULL ? usage
                                          : arena_printf(cli->arena, "%s\n  --%s is an option of truss %s %s.", usage,
                                                         option_of(id)->name, command->name, other);
        return false;
    }
    return true;
}

static bool check_words(const struct cli *cli, const struct cli_verb *verb)
{
    const int count = cli->word_count - 1;
    const char *const name = cli->command->name;
    if (count < verb->least_words && verb->missing != NULL) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "%s", verb->missing);
    } else if (count < verb->least_words) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "Usage: truss %s %s %s", name, verb->name, verb->arguments);
    } else if (count > verb->most_words) {
        status_fail(cli->status, STATUS_INVALID_ARGUMENT, "truss %s %s takes no \"%.100s\".", name, verb->name,
                    cli->words[1 + verb->most_words]);
    } else {
        return true;
    }
    cli->status->hint = arena_printf(cli->arena, "truss %s %s --help shows its options%s.", name, verb->name,
                                     cli_has_option(verb->options, OPTION_label)  ? "; a label is given by --label"
                                     : cli_has_option(verb->options, OPTION_name) ? "; a name is given by --name"
                                                                                  : "");
    return false;
}

static void fail_unknown(const struct cli *cli)
{
    const struct cli_command *const command = cli->command;
    struct buffer all = {.arena = cli->arena};
    struct near near = {.wanted = text_of(cli->words[0])};
    for (const struct cli_verb *verb = command->verbs; verb->name != NULL; verb++) {
        near_try(&near, verb->name);
        buffer_printf(&all, "%s%s", verb == command->verbs ? "" : verb[1].name == NULL ? " and " : ", ", verb->name);
    }
    status_fail(cli->status, STATUS_INVALID_ARGUMENT, "truss %s does %s, not \"%.100s\".", command->name,
                buffer_string(&all), cli->words[0]);
    if (near.name != NULL) {
        cli->status->hint = arena_printf(cli->arena, "Did you mean \"%s\"?", near.name);
    }
}

int cli_verb_run(struct cli *cli)
{
    const struct cli_verb *const verb = cli_verb_find(cli->command, cli->words[0]);
    if (verb == NULL) {
        fail_unknown(cli);
        return EXIT_ERROR;
    }
    const bool ok = check_words(cli, verb) && check_options(cli, verb) && (verb->prepare == NULL || verb->prepare(cli));
    return ok ? verb->run(cli) : EXIT_ERROR;
}
