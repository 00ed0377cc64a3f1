/*
 * A pattern, a newline, a text: what is asked before or instead of PCRE2 agrees
 * with it. In the places that an automaton leaves, new and after it has chosen
 * its hot states, the same match is found; no place is missed where one begins;
 * a counter counts as many; no line takes more steps than were thought
 * possible; and as many bytes without a newline as a pattern needs are in what
 * it matches.
 */
#include "match/counter.h"
#include "match/dfa.h"
#include "match/effort.h"
#include "match/literal.h"
#include "match/starts.h"
#include "match/unbroken.h"

#include "pattern_text.h"

#define PLACES_MAX 100 /* tried one by one */
#define TIMES 400      /* a text is gone through, for states to become hot */
#define MATCHES_MAX 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the first match begins, or SIZE_MAX. */
static size_t
find_in_places(const struct pattern_text *p, struct dfa *d)
{
	struct regex_span where = {0}, at;
	uint32_t none = 0;

	while (dfa_next(d, p->text, NULL, &none, &where)) {
		if (regex_match_between(
			p->regex, p->scratch, p->text, where, &at) == 1)
			return at.start;
		where.start = where.end + 1;
	}
	return SIZE_MAX;
}

static void
check_automaton(const struct pattern_text *p)
{
	struct regex_span at = {SIZE_MAX, 0};
	int rc = regex_match(p->regex, p->scratch, p->text, 0, &at);
	struct dfa_set *set = dfa_set_new(DFA_SET_MEMORY_MAX);
	struct dfa *d = literal_depends_on_search(p->pattern)
			    ? NULL
			    : dfa_add(set, p->tree);
	struct dfa_reader *r = dfa_reader_new(set);

	/* From further behind PCRE2 may come within its limits. */
	for (int i = 0; d != NULL && rc >= 0 && i < TIMES; i++) {
		dfa_reader_begin(r);
		invariant(find_in_places(p, d) == at.start);
		dfa_reader_end(r);
	}
	dfa_reader_free(&r);
	dfa_set_free(&set);
}

static void
check_starts(const struct pattern_text *p)
{
	struct nfa *n = nfa_new(p->tree);
	struct starts *starts = n != NULL ? starts_new(n) : NULL;
	size_t end = p->text.len < PLACES_MAX ? p->text.len : PLACES_MAX;

	for (size_t at = 1; starts != NULL && at < end; at++)
		if (regex_match_between(p->regex, p->scratch, p->text,
			(struct regex_span){at, at}, NULL) == 1)
			invariant(starts_next(
				      starts, p->text, at, p->text.len) == at);
	starts_free(&starts);
	nfa_free(&n);
}

static void
check_counter(const struct pattern_text *p)
{
	struct counter *c = counter_new(p->pattern, 0, p->tree);
	struct regex_span at = {0};
	size_t count = 0;

	if (c == NULL)
		return;
	while (count < MATCHES_MAX &&
	       regex_match(p->regex, p->scratch, p->text, at.end, &at) == 1)
		count++;
	invariant(counter_count(c, p->text, MATCHES_MAX, NULL) == count);
	counter_free(&c);
}

static void
check_unbroken(const struct pattern_text *p)
{
	size_t least = unbroken_least(p->tree);

	invariant(least == 0 || unbroken_is_in(p->text, least) ||
		  !pattern_text_matches(p));
}

static void
check_effort(const struct pattern_text *p)
{
	struct str text = p->text, line = str_cut(&text, '\n');
	struct regex_error error;
	struct regex *re = regex_compile(p->pattern, REGEX_COUNTED, &error);
	double each;

	if (re == NULL)
		return; /* it has become too large */
	each = regex_has_back_references(re) ? REGEX_BACK_REFERENCE_STEPS : 1;
	regex_match(re, p->scratch, line, 0, NULL);
	invariant(
	    regex_steps(p->scratch) <= each * effort_bound(p->tree, line.len));
	regex_free(&re);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pattern_text p;

	if (pattern_text_open(&p, data, size)) {
		check_automaton(&p);
		check_starts(&p);
		check_counter(&p);
		check_unbroken(&p);
		check_effort(&p);
	}
	pattern_text_close(&p);
	return 0;
}
