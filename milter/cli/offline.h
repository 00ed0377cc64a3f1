/*
 * Judging a message without a daemon: files in, the engine's answer out.
 *
 * Shared by check and render. The facts come from options and, with --facts,
 * from a record; the message from a file with LF or CRLF line ends. Each thread
 * has its own `offline_room`; the snapshot is shared.
 */
#ifndef POSTERN_CLI_OFFLINE_H
#define POSTERN_CLI_OFFLINE_H

#include "cli/cli.h"
#include "policy/engine.h"

/* The rule options every command that reads rules has. */
struct offline_options {
	struct cli_config_options config;
	struct option_list rules; /* --rules, in place of the setting */
	const char *plugins;
	const char *score_set;
	bool no_prefilter;
};
#define OFFLINE_OPTIONS(o)                                                  \
	CLI_CONFIG_OPTIONS(&(o)->config),                                   \
	    {'r', "rules", "DIR|FILE",                                      \
		"Rules in place of the setting `rules`; repeatable",        \
		OPTION_TEXTS, &(o)->rules},                                 \
	    {0, "plugins", "core|local|stock",                              \
		"In place of the setting `plugins`", OPTION_TEXT,           \
		&(o)->plugins},                                             \
	{                                                                   \
		0, "score-set", "N", "In place of the setting `score_set`", \
		    OPTION_TEXT, &(o)->score_set                            \
	}

/* The configuration with those options in it; NULL: complained. */
struct config *offline_config(
    const char *command, const struct offline_options *o);

/*
 * The snapshot of `c`, with every good rule in it. Diagnostics go to `diags`;
 * NULL when there is nothing to run.
 */
struct snapshot *offline_snapshot(const struct config *c,
    const struct offline_options *o, bool lint, struct diags *diags);
void offline_options_fini(struct offline_options *o);

/* Are there rules at these paths at all? Complains about the first that is not
 * to be read. */
bool offline_paths_readable(const char *command, const struct config *c);

/* One thread's memory. */
struct offline_room {
	struct arena arena;
	struct buf raw;
	struct scratch *scratch;
};
void offline_room_init(struct offline_room *room, struct snapshot *s);
void offline_room_fini(struct offline_room *room, struct snapshot *s);

/* What was found out about one message; slices in the room's arena. */
struct offline_result {
	struct message *message; /* NULL: refused before it, or none given */
	bool refused;		 /* every recipient was */
	struct facts facts;
	struct verdict verdict;
	struct hits hits;
	struct verdict *rcpts; /* one per recipient, or one for nobody */
	const struct str *rcpt_names;
	size_t rcpt_count;
};

/*
 * Judges the bytes in room->raw (changed in place). `has_envelope`: facts hold
 * one, and recipients are judged first.
 */
void offline_judge(const struct snapshot *s, struct offline_room *room,
    const struct facts *facts, bool has_envelope, struct offline_result *out);

/* The same without a message: what happens up to DATA. */
void offline_judge_envelope(const struct snapshot *s, struct offline_room *room,
    const struct facts *facts, struct offline_result *out);

/* The message in room->raw without judging it. */
struct message *offline_message(const struct snapshot *s,
    struct offline_room *room, struct facts *facts, bool has_envelope);

#endif
