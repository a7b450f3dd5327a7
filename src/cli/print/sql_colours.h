/*
 * SQL in colours, for a person at a terminal.
 */
#ifndef CLI_PRINT_SQL_COLOURS_H
#define CLI_PRINT_SQL_COLOURS_H

/* Prints a script: as it is where there are no colours. */
void sql_print(const char *sql);

#endif
