/*
 * Command-line options from one table a command: parser and --help.
 *
 * `-x`, `-x VALUE`, `-xVALUE`, `--name`, `--name VALUE`, `--name=VALUE`;
 * options and operands may be mixed; `--` ends options; `-` is an operand. `-h`
 * and
 * `--help` are always there.
 */
#ifndef POSTERN_CLI_OPTIONS_H
#define POSTERN_CLI_OPTIONS_H

#include "base/str.h"

enum option_kind {
	OPTION_FLAG,  /* bool */
	OPTION_TEXT,  /* const char * */
	OPTION_TEXTS, /* struct option_list, repeatable */
	OPTION_NUMBER /* int64_t */
};

struct option_list {
	const char **v;
	size_t len;
};

struct option {
	char letter; /* 0: none */
	const char *name;
	const char *value; /* what --help calls its value; NULL: flag */
	const char *doc;
	enum option_kind kind;
	void *target;
};

struct options {
	const char *command;
	const char *usage; /* operands: "FILE|DIR|-..." */
	const char *about; /* a sentence or two for --help */
	const struct option *table;
	size_t count;
	size_t most; /* operands allowed */
};

enum options_result { OPTIONS_GO, OPTIONS_HELP, OPTIONS_WRONG };

/*
 * Fills the targets and `operands_out` (free its v). Help is printed on
 * standard output; what is wrong is one line on stderr.
 */
enum options_result options_parse(const struct options *o, int argc,
    char **argv, struct option_list *operands_out);
void option_list_fini(struct option_list *l);

#endif
