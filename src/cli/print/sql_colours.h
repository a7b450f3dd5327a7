/*
 * SQL in colours, for a person at a terminal.
 */
#ifndef CLI_PRINT_SQL_COLOURS_H
#define CLI_PRINT_SQL_COLOURS_H

/* Prints a script, unchanged if colours are not in use. */
void sql_print(const char *sql);

#endif
