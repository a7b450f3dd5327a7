/*
 * Each error is a line, followed by a line with its command. The number of ignored errors is reported at the very end;
 * a process that was interrupted also exits with 1, but does not report it.
 */
#include "pg/restoring.h"

#include <stdlib.h>
#include <string.h>

#define PASSED_OVER "pg_restore: warning: errors ignored on restore: "

struct restore_errors restore_errors_of(int program_major, int server_version)
{
    return (struct restore_errors){.is_lenient = program_major >= 17 && server_version < 170000};
}

const char *restore_errors_argument(const struct restore_errors *errors)
{
    return errors->is_lenient ? "--no-password" : "--exit-on-error"; /* an argument without effect */
}

void restore_errors_see(struct restore_errors *errors, struct text line)
{
    errors->count += text_starts_with(line, "pg_restore: error: ") ? 1 : 0;
    errors->expected += text_starts_with(line, "Command was: SET transaction_timeout = 0;") ? 1 : 0;
    if (text_starts_with(line, PASSED_OVER)) {
        errors->passed_over = strtoul(line.data + strlen(PASSED_OVER), NULL, 10);
    }
}

bool restore_line_warns(struct text line)
{
    return text_starts_with(line, "pg_dump: warning: ") ||
           (text_starts_with(line, "pg_restore: warning: ") && !text_starts_with(line, PASSED_OVER));
}

bool restore_errors_are_none(const struct restore_errors *errors, int code)
{
    return code == 0 || (code == 1 && errors->is_lenient && errors->count > 0 && errors->count == errors->expected &&
                         errors->count == errors->passed_over);
}
