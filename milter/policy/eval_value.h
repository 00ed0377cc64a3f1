/*
 * Header values as eval functions ask for them, and the regexps they share.
 *
 * A value by itself is all fields of the name joined; with an address part
 * (:addr) it is the first one only, without a newline. Lists hold every value.
 * What is not there is the empty text. Results live in the message's arena.
 */
#ifndef POSTERN_POLICY_EVAL_VALUE_H
#define POSTERN_POLICY_EVAL_VALUE_H

#include "policy/evalfns.h"

/* All fields of that name joined; *out stays empty when there is none. */
bool eval_has(struct eval_context *c, struct str name, struct str *out);
struct str eval_value(struct eval_context *c, struct str name);
struct str eval_raw_value(struct eval_context *c, struct str name);

/* The first address of the fields; every address. */
struct str eval_address(struct eval_context *c, struct str name);
struct str_list eval_addresses(struct eval_context *c, struct str name);
struct str_list eval_values(struct eval_context *c, struct str name);

/* The sender of the envelope, empty when null or not known. */
struct str eval_sender(struct eval_context *c);
/* The first author. */
struct str eval_author(struct eval_context *c);

/* All Received fields with each run of white space made one blank. */
struct str eval_received(struct eval_context *c);

/* Each run of white space made one blank. */
struct str eval_squeeze(struct eval_context *c, struct str s);
/* ASCII letters in lower case; `s` itself where it has no capitals. */
struct str eval_lower(struct eval_context *c, struct str s);

/* Argument `i` (from 0) as a number; 0 when it is missing or is none. */
static inline double
eval_argument(const struct eval_arg *args, size_t count, size_t i)
{
	return i < count && args[i].is_number ? args[i].number : 0;
}

/* A host name as psl_domain() takes it: lower case, no empty labels. */
struct str eval_host(struct eval_context *c, struct str s);

/* Perl's \b between s[at - 1] and s[at]. */
bool eval_at_boundary(struct str s, size_t at);

/* Our own patterns (eval_pattern.def), compiled with the snapshot. */
enum eval_pattern {
#define EVAL_PATTERN(name, flags, text) EVAL_PATTERN_##name,
#include "policy/eval_pattern.def"
	EVAL_PATTERN_COUNT
};

struct regex **eval_patterns_new(void);
void eval_patterns_free(struct regex ***v);

bool eval_finds(struct eval_context *c, enum eval_pattern p, struct str s);
/* From `from` on, with the place; false: no more. */
bool eval_finds_from(struct eval_context *c, enum eval_pattern p, struct str s,
    size_t from, struct regex_span *out);
/* Group `i` of what was found last, a slice of that text. */
struct str eval_group(struct eval_context *c, struct str s, uint32_t i);

#endif
