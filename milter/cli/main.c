/*
 * postern: the admin's tool. Finds the command and hands over its words.
 */
#include "cli/cli.h"

#include <signal.h>
#include <stdio.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
#define COMMAND(name, function, summary) {#name, function, summary},
#include "cli/commands.def"
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void
print_help(FILE *out)
{
	fprintf(out, "usage: postern COMMAND [OPTION...] [WORD...]\n"
		     "       postern --version | --help\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(
		    out, "  %-10s%s\n", commands[i].name, commands[i].summary);
	fprintf(out, "\npostern COMMAND --help tells the options of each.\n");
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;

	/* A closed pipe is a failed write, told like any other. */
	signal(SIGPIPE, SIG_IGN);
	if (word == NULL) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
	    strcmp(word, "help") == 0) {
		print_help(stdout);
		return cli_flush("help") ? EXIT_GOOD : EXIT_USAGE;
	}
	if (strcmp(word, "--version") == 0) {
		printf("postern %s\n", POSTERN_VERSION);
		return cli_flush("--version") ? EXIT_GOOD : EXIT_USAGE;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(word, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return cli_complain(word, "there is no such command (try --help)");
}
