/*
 * One pattern tried on strings of a message, its hits counted as Perl would.
 *
 * The state of a scan is here because every kind of rule ends in an attempt.
 * One thread at a time.
 */
#ifndef POSTERN_MATCH_ATTEMPT_H
#define POSTERN_MATCH_ATTEMPT_H

#include "match/capture.h"
#include "match/run.h"
#include "match/scratch.h"

/* mimeheader: matches counted within one node. */
#define ATTEMPT_MIME_HITS_MAX 1000

struct run {
	const struct plan *plan;
	struct scratch *scratch;
	const struct texts *texts;
	const struct tag_source *source;
	struct arena *arena;
	struct hits *hits;
	struct tags tags;
	bool leaves_open; /* rules that only metas look at */
};

/* What is tried, and where its hits go. */
struct attempt {
	const struct rule *rule;
	const struct regex *regex;
	enum view view;
	struct tag_values *values;     /* NULL: sets no tags */
	bool skip_unset;	       /* job.unset has the answer already */
	struct dfa *dfa;	       /* job.dfa */
	const struct counter *counter; /* job.counter */
	struct brief brief;	       /* job.brief */
	size_t unbroken;	       /* job.unbroken */
	uint32_t windows; /* where it may begin (candidate.windows) */
};

/* `rule` is to be tried later, as `how` says. */
void run_leave_open(struct run *r, uint32_t rule, struct open_rule how);

/* A job's pattern, tried everywhere. */
struct attempt attempt_of_job(const struct job *j, enum view view);
/* Counts the matches in `text` in the rule's hit value. */
void attempt_match(struct run *r, const struct attempt *t, struct str text);
/* The same for string `i` of the view, if the rule wants it still. */
void attempt_string(struct run *r, const struct attempt *t, size_t i);
/* For every string of the view that holds `key`. */
void attempt_all(struct run *r, const struct attempt *t, uint32_t key);

/* The strings of a view that hold a key: the first, and how far to the next. */
size_t attempt_first(enum view view, uint32_t key);
size_t attempt_step(const struct plan *p, enum view view);
/* Does `rule` look at the MIME node string `i` is from? */
bool attempt_in_range(const struct run *r, const struct rule *rule, size_t i);

#endif
