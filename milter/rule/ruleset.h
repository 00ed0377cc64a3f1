/*
 * All rules of a set of files, read, checked and frozen.
 *
 * Immutable after ruleset_load(); shared by threads. Slices and strings live as
 * long as the ruleset. The rule layer knows the language, not mail: header
 * names, eval functions and settings are text and numbers here.
 */
#ifndef POSTERN_RULE_RULESET_H
#define POSTERN_RULE_RULESET_H

#include "base/arena.h"
#include "base/bitset.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/regex.h"

#include <math.h>

enum rule_type {
	RULE_EMPTY, /* declared by score or reuse only */
	RULE_HEADER,
	RULE_BODY,
	RULE_RAWBODY,
	RULE_FULL,
	RULE_URI,
	RULE_MIMEHEADER,
	RULE_URI_DETAIL,
	RULE_META,
	RULE_HEADER_EVAL,
	RULE_BODY_EVAL,
	RULE_RAWBODY_EVAL,
	RULE_FULL_EVAL,
	RULE_URI_EVAL,
	RULE_RBL_EVAL,
	RULE_ASKDNS,
	RULE_TYPE_COUNT
};

enum rule_flag { /* tflags; unknown words stay in `tflags` */
	TFLAG_NET = 1 << 0,
	TFLAG_NICE = 1 << 1,
	TFLAG_LEARN = 1 << 2,
	TFLAG_USERCONF = 1 << 3,
	TFLAG_MULTIPLE = 1 << 4,
	TFLAG_NOSUBJECT = 1 << 5,
	TFLAG_CONCAT = 1 << 6, /* mimeheader */
	TFLAG_NOLOG = 1 << 7,
	TFLAG_NOAUTOLEARN = 1 << 8
};

enum rule_action {	  /* `action NAME ...` */
	RULE_ACTION_NONE, /* adds to the score */
	RULE_ACTION_REJECT,
	RULE_ACTION_TEMPFAIL,
	RULE_ACTION_QUARANTINE,
	RULE_ACTION_TAG,
	RULE_ACTION_DISCARD,
	RULE_ACTION_SHADOW /* evaluated and recorded, decides nothing */
};

/* A value of an eval call: text, or nothing but a number when `is_number`. */
struct eval_arg {
	struct str text;
	double number; /* what the text counts as, 0 when it is none */
	bool is_number;
};

/* One criterion of uri_detail. */
struct uri_criterion {
	struct str key; /* raw type cleaned text domain host */
	bool negated;
	struct str perl; /* as `perl` and `pattern` of a rule */
	struct str pattern;
	unsigned flags; /* enum regex_flag */
	struct regex *regex;
};

struct meta_code; /* rule/expr.h */

struct rule {
	struct str name;
	uint32_t index; /* place in ruleset.rules */
	enum rule_type type;
	struct source_pos pos;
	bool enabled; /* runs: score not 0, set fits, valid */
	bool hidden;  /* name starts with __ */
	bool invalid; /* refused; a diag says why */

	double score[4]; /* by score set */
	bool has_score;
	int priority;	     /* in force: lower runs earlier */
	int priority_set;    /* as written or pulled down; 0 = not set */
	unsigned flags;	     /* enum rule_flag */
	uint32_t maxhits;    /* with TFLAG_MULTIPLE; 0 = no limit */
	uint32_t range_from; /* mimeheader range=A-B; 0 = none */
	uint32_t range_to;
	struct str tflags; /* as written */
	struct str describe;
	enum rule_action action;
	struct str action_text; /* reply text of its own, or empty */

	/* header, mimeheader */
	struct str header; /* "From:addr", "ALL", name as written */
	bool exists;	   /* exists:NAME */
	bool negated;	   /* !~ */
	bool has_unset;
	struct str unset; /* [if-unset: X] */

	/*
	 * Patterns: `written` stood in the file; `perl` is what SpamAssassin
	 * compiles, tags expanded, flags in front; `pattern` is the same for
	 * PCRE2 with `regex_flags`. Over PCRE2's size limit `pattern` calls
	 * its tags as groups of a DEFINE block (`calls_tags`), `perl` does not.
	 */
	struct str written; /* all of the definition */
	struct str literal; /* the /re/flags in it */
	struct str perl;
	struct str pattern;
	unsigned regex_flags;
	struct regex *regex; /* NULL: none, or a template (%{TAG}) */
	bool calls_tags;
	struct str before_tags; /* `perl` before replacement, if any */
	bool slow;		/* the cost probe hit its limit */
	bool replaced;		/* named by replace_rules */
	bool captures;		/* has named groups that set tags */
	bool template;		/* holds %{TAG} (as %\{TAG\}) */
	struct str tag;		/* of a template: "NAME" or "TAG(args)" */

	struct uri_criterion *criteria; /* uri_detail */
	size_t criterion_count;

	struct str eval;      /* function name */
	struct str eval_args; /* as written */
	struct eval_arg *args;
	size_t arg_count;

	struct str meta; /* expression as written */
	struct meta_code *code;

	struct str *conditions; /* `if` stack it stood in, outermost first */
	size_t condition_count;
};

/* A setting line other modules consume: welcomelist_from, util_rb_tld ... */
struct rule_setting {
	struct str key;	  /* lower case, `-` as `_`, aliases resolved */
	struct str value; /* trimmed rest of the line */
	struct source_pos pos;
};

/* A `test NAME ok|fail string` line. */
struct rule_test {
	struct str name;
	bool hits; /* ok: the rule must match `text` */
	struct str text;
	struct source_pos pos;
};

enum plugin_set { PLUGINS_CORE, PLUGINS_LOCAL, PLUGINS_STOCK };

/*
 * Where the outcome of the cost probe is kept from one load to the next; the
 * rule language does no more I/O than reading rules.
 */
struct probe_memory {
	/* What was kept under `key`; false: nothing. */
	bool (*recall)(void *context, struct str key, struct buf *out);
	void (*keep)(void *context, struct str key, struct str content);
	void *context;
};

struct ruleset_options {
	enum plugin_set plugins;
	unsigned score_set; /* 0..3 */
	const char *lang;   /* "en_US" when NULL */
	bool lint;	    /* SpamAssassin's stricter checks of patterns */
	bool run_tests;	    /* `test` lines, at lint */
	bool refuse_slow;   /* what the probe finds is refused */
	bool probe_cost;    /* adversarial cost probe */
	const struct probe_memory *probe_memory; /* NULL: none */
	/* Is this eval function implemented? NULL: none is. */
	bool (*knows_eval)(struct str name);
};

struct ruleset {
	struct rule *rules; /* in order of first definition */
	size_t count;
	struct map *by_name; /* name -> struct rule */
	uint32_t *acting;    /* rules with an action, in order */
	size_t acting_count;
	struct rule_setting *settings; /* in file order */
	size_t setting_count;
	struct rule_test *tests;
	size_t test_count;
	double required_score;	    /* 5.0 unless set */
	struct meta_code *metas;    /* by place in meta_order */
	struct meta_code **meta_of; /* by rule; NULL: it is no meta */
	double *most_hits;	    /* by rule: its highest value */
	uint8_t *truth_rest;  /* rule/truth.h: all literals if nothing hits */
	uint32_t *meta_order; /* metas, dependencies first */
	size_t meta_count;
	uint32_t *restless; /* metas that are worth something even then */
	size_t restless_count;
	uint32_t *odd; /* metas that are not plain (rule/expr.h) */
	size_t odd_count;
	uint32_t *meta_users;	   /* places, by rule they look at ... */
	uint32_t *first_meta_user; /* ... from here; one more at the end */
	size_t files;
	struct arena arena;  /* owns every string and array above */
	uint8_t version[16]; /* digest of all input: cache key, `ruleset` */
};

/*
 * Reads `paths` in order: files, or directories (*.pre then *.cf, sorted;
 * *.dict and access files are other modules'). Always returns a ruleset with
 * every good rule; what is wrong is in `diags`, one entry each. The caller
 * decides by diags->errors. Blocks on files.
 */
struct ruleset *ruleset_load(const char *const *paths, size_t count,
    const struct ruleset_options *options, struct diags *diags);
/* From memory, `name` standing for the file; tests and fuzzing. */
struct ruleset *ruleset_parse(const char *name, struct str text,
    const struct ruleset_options *options, struct diags *diags);
void ruleset_free(struct ruleset **rs);

const struct rule *ruleset_find(const struct ruleset *rs, struct str name);
const char *rule_type_text(enum rule_type type);

/* All values of one setting in order: while (ruleset_setting(rs, k, &pos, &v))
 */
bool ruleset_setting(const struct ruleset *rs, const char *key, size_t *pos,
    const struct rule_setting **out);

/* Is the rule there for metas only? Nobody else looks at what it is worth. */
bool rule_is_helper(const struct rule *r);
/* The highest value a rule that is no meta may take; may be infinite. */
static inline double
rule_most_hits(const struct rule *r)
{
	if ((r->flags & TFLAG_MULTIPLE) == 0 && r->eval.len == 0)
		return 1;
	return r->maxhits != 0 ? r->maxhits : INFINITY;
}

/* What rules are worth before metas are computed. */
struct rule_values {
	/* By rule index; 0: no hit, and metas; at most rule_most_hits(). */
	double *value;
	/* Rules not tried yet, worth 0 so far; NULL: none. Metas that stay
	 * undecided are added. */
	struct bitset *open;
	/* Tries an open rule: value[rule] is final after it. */
	void (*ask)(void *context, uint32_t rule);
	void *context;
};

/*
 * Computes the metas in place (spec 2.12), and asks for open rules as far as
 * the value of a meta that is no helper depends on them: afterwards all values
 * are final but those of rules still open, which are 0. Only what a hit or an
 * open rule reaches is computed; works in `a`, and without it (or when it is
 * full) asks for and computes everything. Pure but for what `ask` does.
 */
void ruleset_eval_metas(
    const struct ruleset *rs, const struct rule_values *v, struct arena *a);

#endif
