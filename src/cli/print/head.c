#include "cli/print/head.h"

#include "cli/print/output.h"

static const char *head_text(struct arena *arena, const Truss__Rpc__V1__Target *target)
{
    struct buffer text = {.arena = arena};
    buffer_printf(&text, "%s at %s:%s as %s", target->database, target->host, target->port, target->user);
    if (target->server_version[0] != '\0') {
        buffer_printf(&text, " (PostgreSQL %s)", target->server_version);
    }
    if (target->project[0] != '\0') {
        buffer_printf(&text, ", project %s", target->project);
    }
    if (target->_framework_case != 0) {
        buffer_printf(&text, ", %s", target->framework);
    }
    if (target->_environment_case != 0) {
        buffer_printf(&text, ", environment %s", target->environment);
    }
    return output_safe(arena, buffer_string(&text), false);
}

void head_print(struct cli *cli, const Truss__Rpc__V1__Target *target)
{
    if (target != NULL && !cli->has_head) {
        output_put(COLOUR_BOLD, head_text(cli->arena, target));
        putchar('\n');
    }
    cli->has_head = true;
}

void head_print_to(FILE *out, struct cli *cli, const Truss__Rpc__V1__Target *target)
{
    if (target != NULL && !cli->has_head) {
        fprintf(out, "%s\n", head_text(cli->arena, target));
    }
    cli->has_head = true;
}
