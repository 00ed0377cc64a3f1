/*
 * What the commands of `postern` share: exit codes, complaints, configuration.
 *
 * Each command is one file with one function; it gets its own words (argv[0] is
 * the command's name) and returns the exit code. Only main() exits.
 */
#ifndef POSTERN_CLI_CLI_H
#define POSTERN_CLI_CLI_H

#include "cli/options.h"
#include "policy/config.h"

enum exit_code {
	EXIT_GOOD = 0,
	EXIT_REFUSED = 1, /* the answer is no: mail refused, lint errors */
	EXIT_USAGE = 2	  /* wrong words, wrong files, no daemon */
};

#define COMMAND(name, function, summary) int function(int argc, char **argv);
#include "cli/commands.def"

/* One line on stderr, "postern COMMAND: ...", foreign bytes escaped. Returns
 * EXIT_USAGE. */
int cli_complain(const char *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Diagnostics on stderr. */
void cli_show_diags(const struct diags *diags);

/* Options every command that reads the configuration has. */
struct cli_config_options {
	const char *file;	/* -c */
	struct option_list set; /* -o key=value */
};
#define CLI_CONFIG_OPTIONS(o)                                      \
	{'c', "config", "FILE", "Configuration file", OPTION_TEXT, \
	    &(o)->file},                                           \
	{                                                          \
		'o', "set", "KEY=VALUE",                           \
		    "Setting in place of the file's; repeatable",  \
		    OPTION_TEXTS, &(o)->set                        \
	}

/*
 * The configuration in force: the file named, else the installed one if it is
 * there, then each -o. NULL when it has errors, which have been shown.
 */
struct config *cli_config_load(
    const char *command, const struct cli_config_options *o);

/* Bytes as they are to standard output. */
void cli_write(struct str s);
/* Writes out what is buffered. False when it cannot be written (shown). */
bool cli_flush(const char *command);

#endif
