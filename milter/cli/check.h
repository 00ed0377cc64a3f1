/*
 * postern check: options, and how one result is written.
 */
#ifndef POSTERN_CLI_CHECK_H
#define POSTERN_CLI_CHECK_H

#include "cli/offline.h"

struct check_options {
	struct offline_options offline;
	bool json;
	bool verbose;
	bool ask; /* the peers, now */
	const char *client;
	const char *name;
	const char *helo;
	const char *user;
	const char *from;
	struct option_list rcpts;
	const char *facts;
	int64_t now; /* seconds, -1: the clock */
	int64_t jobs;
	bool has_envelope; /* the gates at RCPT are asked */
};

/* Appends the result for `name`: a JSON line, or lines for people. */
void check_print(const struct check_options *o, const struct snapshot *s,
    const char *name, const struct offline_result *r, struct buf *out);

/* Every gate in the order of decision: those at RCPT, or at the end of the
 * message with what those before have to add. */
void check_gates_print(const struct verdict *v, bool at_rcpt, struct buf *out);
struct json *check_gates_json(const struct verdict *v, bool at_rcpt);

#endif
