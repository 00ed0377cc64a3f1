/*
 * postern rep: what its files share. rep.c reads the command line, rep_ask.c
 * asks, rep_print.c shows, rep_move.c and rep_replay.c do what takes longer.
 */
#ifndef POSTERN_CLI_REP_H
#define POSTERN_CLI_REP_H

#include "base/json.h"
#include "peer/rep_store.h"
#include "policy/config.h"

/* For people, on standard output; foreign bytes escaped, colours on a terminal
 * only. `now_ms` is what "until" is told against. */
void rep_print(const char *verb, const struct json *answer, int64_t now_ms);
/* One line of the audit trail. */
void rep_print_event(const struct json *event);

/* "90", "20m", "2d", "1h30m"; ms. False: no duration. */
bool rep_duration_parse(struct str text, int64_t *ms_out);

struct rep_source {
	const struct config *config;
	struct rep_store *store; /* NULL: ask the daemon */
};

/* The model's numbers of the configuration. False after a complaint. */
bool rep_read_model(const struct config *c, struct rep_settings *out);
/* False after a complaint. */
bool rep_source_open(struct rep_source *s, const struct config *c);
/* Takes `request`. NULL after a complaint. */
struct json *rep_ask(const struct rep_source *s, struct json *request);
struct json *rep_request_new(const char *verb);
/* Shows the answer or its complaint. Takes it. */
int rep_finish(struct json *answer, const char *verb, bool json);
/* On one line. */
void rep_print_json(const struct json *j);

/* Exit codes. */
int rep_run_export(const struct rep_source *s);
int rep_run_import(const struct rep_source *s, const struct json *like,
    const char *path, bool json);
int rep_run_watch(const struct rep_source *s, bool json, int64_t rounds);
int rep_run_replay(
    const struct config *c, const char *path, int64_t faster, bool json);

#endif
