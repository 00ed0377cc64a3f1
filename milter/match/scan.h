/*
 * Which rules and dictionaries hit a message: prefilter, then confirm.
 *
 * A plan is compiled from a ruleset and a dictionary set, immutable and shared.
 * A scratch is borrowed for one scan. A scan is pure: same plan and message,
 * same hits, with the prefilter and without (then every pattern is tried on
 * every text).
 *
 * Rules only metas look at may be left open: they were found to be possible,
 * and are tried when the metas ask for them.
 */
#ifndef POSTERN_MATCH_SCAN_H
#define POSTERN_MATCH_SCAN_H

#include "base/bitset.h"
#include "mail/message.h"
#include "rule/dict.h"
#include "rule/ruleset.h"

struct cost;
struct plan;
struct scratch;
struct stages;

struct plan_options {
	struct regex_limits limits;
	bool no_prefilter; /* the test oracle: every rule is tried */
	bool count_cost;   /* live cost and hits per rule */
};

/* References `rs` and `dicts`; both outlive the plan. Blocks (compiles). */
struct plan *plan_new(const struct ruleset *rs, const struct dict_set *dicts,
    const struct plan_options *options, struct diags *diags);
void plan_free(struct plan **p);

struct scratch *scratch_new(const struct plan *p);
void scratch_free(struct scratch **s);
/* For benchmarks: times every stage, or (with plan_options.count_cost) every
 * attempt of every rule, from now on. */
void scratch_time_stages(struct scratch *s, bool on);
void scratch_time_rules(struct scratch *s, bool on);
struct stages *scratch_stages(struct scratch *s);
/* Its memory for regexps, and its counters, for others than the scan. */
struct regex_scratch *scratch_regex(struct scratch *s);
struct cost *scratch_cost(struct scratch *s);

/* Borrowed scratches, one per scan in flight; kept for the next. Any thread. */
struct scratch *scratch_borrow(struct plan *p);
void scratch_return(struct plan *p, struct scratch *s);

struct match_span {
	struct str text;  /* what matched, in the message's arena */
	const char *view; /* "header", "body", "uri" ... */
};

struct term_hit {
	const struct dict *dict;
	const struct dict_term *term;
	uint32_t count; /* capped */
};

struct dict_score {
	const struct dict *dict;
	double points;
	uint32_t distinct;
	bool over; /* threshold reached, enough distinct terms */
};

/* Results of one scan; arrays in the message's arena. */
struct hits {
	double *value; /* by rule index: 0 = no hit, else hit value */
	size_t rule_count;
	uint32_t *span_of; /* by rule index: place in spans, plus one */
	struct match_span *spans;
	size_t span_count;
	size_t span_size;
	struct dict_score *dicts; /* one per dictionary, in set order */
	size_t dict_count;
	struct term_hit *terms;
	size_t term_count;
	uint32_t *limited; /* rules that hit a matching limit */
	size_t limited_count;
	bool truncated;	    /* the arena was full */
	struct bitset open; /* rules not tried: their value says nothing */
	struct bitset hit;  /* value is not 0: made by hits_mark() */
};

/* No value changes any more: from now on hits_next() need not look for them. */
void hits_mark(struct hits *h, struct arena *a);
/* The first rule from `from` on that hit, or SIZE_MAX. */
size_t hits_next(const struct hits *h, size_t from);
/* What rule `index` matched; text.p NULL: that is not known. */
struct match_span hits_span(const struct hits *h, size_t index);

/* A scan that left rules open. Lives in the message's arena and in its scratch:
 * until either is used for something else. */
struct scan;

/*
 * Runs every enabled pattern rule (header, body, rawbody, full, uri,
 * mimeheader, uri_detail; no evals, no metas) and all dictionaries. Fills
 * `*out`; false only when the arena had no room for the arrays.
 */
bool scan_message(const struct plan *p, struct scratch *s, struct message *m,
    struct hits *out);
/* The same, but leaves what it can open. NULL where the other is false. */
struct scan *scan_begin(const struct plan *p, struct scratch *s,
    struct message *m, struct hits *out);
/* Tries a rule of out->open, once: its value is final after it. */
void scan_ask(struct scan *scan, uint32_t rule);

/* Live cost: nanoseconds and hits of rule `index` so far. */
void plan_rule_cost(const struct plan *p, uint32_t index, uint64_t *tried_out,
    uint64_t *hits_out, uint64_t *ns_out);

#endif
