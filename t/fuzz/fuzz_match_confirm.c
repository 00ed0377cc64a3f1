/*
 * A pattern, a newline, a text: what is asked before or instead of PCRE2 agrees
 * with it. An automaton, new and after it has chosen its hot states, does not
 * say no where there is a match; no place is missed where one begins; and a
 * counter counts as many.
 */
#include "base/mem.h"
#include "match/counter.h"
#include "match/dfa.h"
#include "match/starts.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)
#define PLACES_MAX 100 /* tried one by one */
#define TIMES 400      /* a text is gone through, for states to become hot */
#define MATCHES_MAX 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_automaton(const struct node *tree, struct str text, bool matches)
{
	struct dfa_set *set = dfa_set_new(DFA_SET_MEMORY_MAX);
	struct dfa *d = dfa_add(set, tree);
	struct dfa_reader *r = dfa_reader_new(set);

	for (int i = 0; d != NULL && i < TIMES; i++) {
		dfa_reader_begin(r);
		invariant(dfa_may_match(r, d, text, NULL, 0) || !matches);
		dfa_reader_end(r);
	}
	dfa_reader_free(&r);
	dfa_set_free(&set);
}

static void
check_starts(const struct node *tree, const struct regex *re,
    struct regex_scratch *s, struct str text)
{
	struct nfa *n = nfa_new(tree);
	struct starts *starts = n != NULL ? starts_new(n) : NULL;

	for (size_t at = 1; starts != NULL && at < text.len && at < PLACES_MAX;
	     at++)
		if (regex_match_between(
			re, s, text, (struct regex_span){at, at}, NULL) == 1)
			invariant(
			    starts_next(starts, text, at, text.len) == at);
	starts_free(&starts);
	nfa_free(&n);
}

static void
check_counter(const struct counter *c, const struct regex *re,
    struct regex_scratch *s, struct str text)
{
	struct regex_span at = {0};
	size_t count = 0;

	while (
	    count < MATCHES_MAX && regex_match(re, s, text, at.end, &at) == 1)
		count++;
	invariant(counter_count(c, text, MATCHES_MAX, NULL) == count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	struct str pattern = str_cut(&text, '\n');
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct regex_error error;
	struct regex *re = regex_compile(pattern, 0, &error);
	const struct node *tree;
	struct arena a;

	arena_init(&a, ARENA_MAX);
	tree = tree_parse(pattern, 0, &a);
	if (re != NULL && tree != NULL) {
		int rc = regex_match(re, s, text, 0, NULL);
		struct counter *c = counter_new(pattern, 0, tree);

		check_automaton(tree, text, rc == 1);
		check_starts(tree, re, s, text);
		if (c != NULL)
			check_counter(c, re, s, text);
		counter_free(&c);
	}
	arena_fini(&a);
	regex_free(&re);
	regex_scratch_free(&s);
	return 0;
}
