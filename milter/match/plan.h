/*
 * What a plan is made of: per view, the jobs (one pattern of one rule each),
 * those that are always tried, and the literals that select the others.
 *
 * Internal to the match layer. Immutable once built, but for the pool of
 * scratches, which locks itself. Knows rules and texts, not messages.
 */
#ifndef POSTERN_MATCH_PLAN_H
#define POSTERN_MATCH_PLAN_H

#include "match/counter.h"
#include "match/dfa.h"
#include "match/dict_index.h"
#include "match/literal.h"
#include "match/prefilter.h"
#include "match/scan.h"
#include "match/shape_set.h"
#include "match/texts.h"

/*
 * Of a pattern that has its steps counted: the same without, for lines so short
 * that none can make it take more of them than are allowed.
 */
struct brief {
	struct regex *regex; /* NULL: none */
	size_t line_max;     /* bytes */
};

/* One pattern and the strings it is meant for. */
struct job {
	const struct rule *rule;
	uint32_t index; /* of the rule */
	const struct regex *regex;
	uint32_t key;		 /* header or MIME query it reads; else 0 */
	bool always;		 /* nothing tells where it may match */
	uint32_t unset;		 /* hit value when the header does not exist */
	bool may_stay_open;	 /* until a meta asks for it */
	struct dfa *dfa;	 /* asked before PCRE2; NULL: none */
	struct counter *counter; /* instead of PCRE2; NULL: none */
	struct brief brief;
	size_t unbroken; /* what unbroken_least() says of the pattern */
};

/* How a literal tells where a match of its job may begin. */
enum anchor {
	ANCHOR_NONE,
	ANCHOR_BYTES, /* so many bytes before it */
	ANCHOR_LINES  /* in its line, or one of so many above */
};

/* A literal that proves one clause of one job, and all that is to be known of
 * the job to that end. */
struct use {
	uint32_t job;
	uint8_t clause; /* bit */
	uint8_t need;	/* bits of all clauses of the job */
	uint8_t times;	/* places where the clause has to be seen */
	uint8_t left;	/* enum literal_edge before the literal ... */
	uint8_t right;	/* ... and behind it */
	uint8_t anchor; /* enum anchor */
	bool last;	/* of its literal */
	uint32_t least; /* bytes of a match that are before it ... */
	uint32_t most;	/* ... at most, or newlines, as the anchor says */
};

/* Jobs of one key that are selected by their shape. */
struct shape_group {
	uint32_t key;
	struct shape_set *set;
	uint32_t *jobs; /* by shape */
};

struct work {
	struct job *jobs;
	size_t job_count;
	uint32_t *always; /* jobs tried on every string */
	size_t always_count;
	uint32_t *negated; /* jobs that hit when nothing matches */
	size_t negated_count;
	uint32_t *unset; /* jobs with a value for a missing header */
	size_t unset_count;
	struct use *uses;	    /* told by its filter: first of a literal */
	struct prefilter **filters; /* by key; NULL: no prefilter is wanted */
	size_t key_count;
	struct shape_group *groups;
	size_t group_count;
};

#define SPECIAL_TAGS_MAX 4

/* A rule that is not matched in the common way. */
struct special {
	const struct rule *rule;
	enum view view;
	uint32_t key;
	struct literal_need need; /* of a template: what is around its tags */
	struct str tags[SPECIAL_TAGS_MAX]; /* a value of each must be there */
	size_t tag_count;
};

struct special_list {
	struct special *v;
	size_t len;
	size_t size;
};

struct plan {
	const struct ruleset *rules;
	const struct dict_set *dicts;
	struct dict_index *dict_index; /* NULL: no dictionaries */
	struct regex_limits limits;
	bool count_cost;
	struct query_set queries;
	struct work work[VIEW_COUNT];
	struct special_list exists;    /* exists:NAME */
	struct special_list captures;  /* set tags; run first */
	struct special_list templates; /* use tags; run last */
	struct special_list concats;   /* mimeheader with all nodes joined */
	struct special_list uri_details;
	uint32_t *mime_negated; /* rules */
	size_t mime_negated_count;
	struct arena arena;   /* of the templates' literals */
	struct dfa_set *dfas; /* of patterns that PCRE2 is slow at */
	struct pool *pool;
};

/* Is key `key` what string `i` of the view holds? */
uint32_t plan_string_key(const struct plan *p, enum view view, size_t i);

#endif
