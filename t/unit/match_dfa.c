/*
 * The automata asked before PCRE2: "no" is always true, and said often; and in
 * the places they leave PCRE2 finds what it finds in the whole text.
 */
#include "match/dfa.h"

#include "base/mem.h"
#include "match/literal.h"
#include "tap.h"

#include <pthread.h>
#include <stdlib.h>

static const struct {
	const char *pattern;
	unsigned flags;
} patterns[] = {
    {"abc", 0},
    {"a(?:b|cc)+d", 0},
    {"(?:ab?){3}c", 0},
    {"a{2,3}b{2}", 0},
    {"^ab", 0},
    {"^ab", REGEX_MULTILINE},
    {"ab$", 0},
    {"ab$", REGEX_MULTILINE},
    {"(?:^|c)ab(?:$|d)", 0},
    {"a*b", 0},
    {"(?:a|b)*c", 0},
    {"^(?>a{0,3})(?:ab|d)", REGEX_MULTILINE},
    {"\\bab\\b", 0},
    {"ab.cd", 0},
    {"ab.cd", REGEX_DOTALL},
    {"AB[^a-c]d", REGEX_CASELESS},
    {"(a)b\\1", 0},
    {"a(?=b)b", 0},
    {"(?<!b)ac", 0},
    {"(?:a(?:b(?:c|d)*){2}){2}", 0},
    {"\\xe9a", REGEX_CASELESS},
    {"a\\nb", 0},
    {"a$b|c", 0},
    {"(?:a|$)b", REGEX_MULTILINE},
    {"(?:a[bc]?d|bx?){4}", 0},
    {"x(?:ab?|c){2,3}", 0},
    {"(?:a(?:b|c){3}|d ?){3}", 0},
    {"(?:a|^b|c$){3,}", REGEX_MULTILINE},
    {"(?:(?:aa|b)[ x]?){5}", 0},
    {"a.{1,4}b[cd]{0,3}x", 0},
    {"(?:ab{0,2}c?){2,4}d", 0},
    {"x(?:(?:a|b){1,2}c{0,4}){0,3}d", 0},
    {"c(?:ab?){2,5}", 0},
};
#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static struct str
random_text(char *p, size_t most, uint32_t *seed)
{
	static const char bytes[] = "aaabbbcccdd \n\xe9\xc9xAB\0";
	size_t len = next_random(seed) % (most + 1);

	for (size_t i = 0; i < len; i++)
		p[i] = bytes[next_random(seed) % (sizeof(bytes) - 1)];
	return str_make(p, len);
}

static struct dfa *
add(struct dfa_set *s, const char *pattern, unsigned flags)
{
	struct arena a;
	struct dfa *d = NULL;
	const struct node *tree;

	arena_init(&a, 0);
	tree = tree_parse(str_from(pattern), flags, &a);
	if (tree != NULL)
		d = dfa_add(s, tree);
	arena_fini(&a);
	return d;
}

/* Windows in order within a text of `len` bytes; their number. */
static uint32_t
random_windows(struct window *v, size_t len, uint32_t *seed)
{
	uint32_t n = next_random(seed) % 4, at = 0;

	for (uint32_t i = 0; i < n; i++) {
		at += next_random(seed) % 6;
		v[i] = (struct window){.from = at, .next = i + 2};
		at += next_random(seed) % 6;
		v[i].to = at;
		at += 1;
	}
	if (n > 0)
		v[n - 1].next = 0;
	(void)len;
	return n;
}

/* Where the first match in one of `n` windows begins, or SIZE_MAX. */
static size_t
find_in_windows(const struct regex *re, struct regex_scratch *s,
    struct str text, const struct window *v, uint32_t n)
{
	struct regex_span at;

	for (uint32_t i = 0; i < n; i++)
		if (v[i].from <= text.len &&
		    regex_match_between(re, s, text,
			(struct regex_span){v[i].from, v[i].to}, &at) == 1)
			return at.start;
	return SIZE_MAX;
}

static size_t
find_anywhere(const struct regex *re, struct regex_scratch *s, struct str text)
{
	struct regex_span at;

	return regex_match(re, s, text, 0, &at) == 1 ? at.start : SIZE_MAX;
}

/* The same, by PCRE2 in the places the automaton leaves; `*asked` is how often
 * there were some. */
static size_t
find_in_places(struct dfa_reader *r, struct dfa *d, const struct regex *re,
    struct regex_scratch *s, struct str text, const struct window *windows,
    uint32_t first, size_t *asked)
{
	struct regex_span where = {0}, at;
	size_t found = SIZE_MAX;

	dfa_reader_begin(r);
	for (*asked = 0;
	     found == SIZE_MAX && dfa_next(d, text, windows, &first, &where);
	     ++*asked) {
		if (regex_match_between(re, s, text, where, &at) == 1)
			found = at.start;
		where.start = where.end + 1;
	}
	dfa_reader_end(r);
	return found;
}

struct tally {
	int wrong; /* another match than PCRE2 finds alone */
	int no;
	int matched;
};

/* The first places are in *where, as in the scan of one message. */
static bool
first_places(struct dfa_reader *r, struct dfa *d, struct str text,
    struct regex_span *where)
{
	uint32_t none = 0;
	bool maybe;

	*where = (struct regex_span){0};
	dfa_reader_begin(r);
	maybe = dfa_next(d, text, NULL, &none, where);
	dfa_reader_end(r);
	return maybe;
}

static bool
may_match(struct dfa_reader *r, struct dfa *d, struct str text)
{
	struct regex_span where;

	return first_places(r, d, text, &where);
}

static void
ask(struct dfa_reader *r, struct dfa *d, const struct regex *re,
    struct regex_scratch *s, uint32_t *seed, struct tally *t)
{
	struct window windows[4] = {{0}};
	char bytes[300];
	/* Short ones, and those that are run through in parts. */
	struct str text = random_text(
	    bytes, next_random(seed) % 4 ? 40 : sizeof(bytes), seed);
	uint32_t n = random_windows(windows, text.len, seed);
	size_t asked, match = n > 0 ? find_in_windows(re, s, text, windows, n)
				    : find_anywhere(re, s, text);
	size_t found = find_in_places(
	    r, d, re, s, text, n > 0 ? windows : NULL, n > 0 ? 1 : 0, &asked);

	t->wrong += found != match;
	t->no += asked == 0;
	t->matched += match != SIZE_MAX;
}

static void
test_patterns(size_t memory, bool tight)
{
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct dfa_set *set = dfa_set_new(memory);
	uint32_t seed = 7;

	for (size_t i = 0; i < PATTERNS; i++) {
		struct regex_error error;
		struct tally t = {0};
		struct regex *re = regex_compile(
		    str_from(patterns[i].pattern), patterns[i].flags, &error);
		struct dfa *d =
		    add(set, patterns[i].pattern, patterns[i].flags);
		struct dfa_reader *r = dfa_reader_new(set);

		for (int n = 0; n < 4000; n++)
			ask(r, d, re, s, &seed, &t);
		ok(t.wrong == 0 && t.matched > 0,
		    "%zu bytes, %s: the same matches (%d times no, %d of them)",
		    memory, patterns[i].pattern, t.no, t.matched);
		if (!tight)
			ok(t.no > 50, "%s: no is said", patterns[i].pattern);
		dfa_reader_free(&r);
		regex_free(&re);
	}
	if (tight)
		ok(dfa_set_used(set) <= memory, "the memory suffices");
	dfa_set_free(&set);
	regex_scratch_free(&s);
}

/* From where no match was under way last, to where one has ended. */
static void
test_places(void)
{
	static const struct {
		const char *pattern;
		unsigned flags;
		const char *text;
		size_t start, end;
	} v[] = {
	    {"abc\\d(?!x)", 0, "xab xxxxxxxx abc1x xxxxxxxx abc2", 13, 16},
	    {"(?<=x)abc", 0, "xab xxxxxxxx abc xxxxxxxx abc", 13, 15},
	    {"^abc", REGEX_MULTILINE, "abx\nabxxxx\nx\nabc abc", 13, 15},
	    {"abc.*z$", 0, "xxxxxxx abc xx\nxxxxxx abcz xx z", 22, 31},
	    {"abc.*d", REGEX_DOTALL, "xxxx abc abc xxxxxxx d x", 5, 21},
	};
	struct dfa_set *set = dfa_set_new(DFA_SET_MEMORY_MAX);
	struct regex_span where;

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct dfa *d = add(set, v[i].pattern, v[i].flags);
		struct dfa_reader *r = dfa_reader_new(set);
		bool found = first_places(r, d, str_from(v[i].text), &where);

		ok(found && where.start == v[i].start && where.end == v[i].end,
		    "%s: from %zu to %zu", v[i].pattern, where.start,
		    where.end);
		dfa_reader_free(&r);
	}
	dfa_set_free(&set);
}

static void
test_no_room(void)
{
	struct dfa_set *set = dfa_set_new(0);
	struct dfa *d = add(set, "abc", 0);
	struct dfa_reader *r = dfa_reader_new(set);
	const struct window window = {2, 3, 0};
	struct regex_span where = {0};
	uint32_t first = 1;

	ok(may_match(r, d, STR("xyz")), "no room: maybe");
	ok(may_match(r, d, STR("")), "and for nothing, too");
	dfa_reader_begin(r);
	ok(dfa_next(d, STR("abcxabc"), &window, &first, &where) &&
		where.start == 2 && where.end == 3,
	    "but in no place that is in no window");
	dfa_reader_end(r);
	dfa_reader_free(&r);
	dfa_set_free(&set);
}

static void
test_refused(void)
{
	struct dfa_set *set = dfa_set_new(DFA_SET_MEMORY_MAX);

	ok(add(set, "a*", 0) == NULL, "matches the empty string");
	ok(add(set, "(?:a|)(?:b?)", 0) == NULL, "in any way");
	ok(add(set, "^$", 0) == NULL, "at whatever place");
	ok(add(set, "(?:(?:(?:(?:(?:abcdefgh){8}){8}){8}){8}){8}", 0) != NULL,
	    "fewer copies of what is large");
	dfa_set_free(&set);
}

/* As many steps as allowed, and one more. */
static void
test_size_limit(void)
{
	struct dfa_set *set = dfa_set_new(DFA_SET_MEMORY_MAX);
	char *pattern = mem_alloc(NFA_STEPS_MAX + 1);

	memset(pattern, 'a', NFA_STEPS_MAX - 1);
	ok(add(set, pattern, 0) != NULL, "%d steps", NFA_STEPS_MAX);
	pattern[NFA_STEPS_MAX - 1] = 'a';
	ok(add(set, pattern, 0) == NULL, "%d steps", NFA_STEPS_MAX + 1);
	for (int i = 0; i < NFA_STEPS_MAX / 2 - 2; i++)
		memcpy(pattern + (ptrdiff_t)2 * i, "a?", 2);
	memcpy(pattern + NFA_STEPS_MAX - 4, "b", 2);
	ok(add(set, pattern, 0) != NULL, "all of which may be missing");
	free(pattern);
	dfa_set_free(&set);
}

/* Few copies more than there have to be are counted, in a small pattern. */
static void
test_counts(void)
{
	static const struct {
		const char *pattern;
		const char *text;
		bool maybe;
	} cases[] = {
	    {"ab{1,4}c", "abbbbc", true},
	    {"ab{1,4}c", "abbbbbc", false},
	    {"ab{1,4}c", "ac", false},
	    {"ab{0,4}c", "ac abbbbbc", true},
	    {"ab{0,4}c", "abbbbbc", false},
	    {"ab{2,6}c", "abbbbbbc", true},
	    {"ab{2,6}c", "abbbbbbbc", false},
	    {"ab{2,7}c", "abbbbbbbbc", true}, /* more than are counted */
	    {"a(?:bd){8,9}c", "abdbdbdbdbdbdbdbdbdc", true},
	    {"a(?:bd){8,9}c", "abdbdbdbdbdbdbdbdbdbdc", false},
	    {"ab{1,4}c|(?:(?:(?:de){8}){8}){8}", "abbbbbc", true},
	};
	struct dfa_set *set = dfa_set_new(DFA_SET_MEMORY_MAX);
	struct dfa *d[sizeof(cases) / sizeof(cases[0])];
	struct dfa_reader *r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		d[i] = add(set, cases[i].pattern, 0);
	r = dfa_reader_new(set);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_int(may_match(r, d[i], str_from(cases[i].text)),
		    cases[i].maybe, "%s in %s", cases[i].pattern,
		    cases[i].text);
	dfa_reader_free(&r);
	dfa_set_free(&set);
}

/* Of a part that is repeated at the end its latest copy alone is followed. */
static void
test_tail(void)
{
	struct dfa_set *tail = dfa_set_new(DFA_SET_MEMORY_MAX);
	struct dfa_set *inner = dfa_set_new(DFA_SET_MEMORY_MAX);
	struct dfa *ends = add(tail, "(?:a.{1,12}b|c.{1,9}d){8}", 0);
	struct dfa *goes_on = add(inner, "(?:a.{1,12}b|c.{1,9}d){8}E", 0);
	struct dfa_reader *first = dfa_reader_new(tail);
	struct dfa_reader *second = dfa_reader_new(inner);
	char text[40000];
	uint32_t seed = 5;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "abcdefghabcd"[next_random(&seed) % 12];
	for (size_t i = 0; i < sizeof(text); i += 400) {
		may_match(first, ends, str_make(text + i, 400));
		may_match(second, goes_on, str_make(text + i, 400));
	}
	ok(dfa_set_used(tail) < dfa_set_used(inner) * 2 / 3,
	    "%zu bytes of states, %zu where every copy counts",
	    dfa_set_used(tail), dfa_set_used(inner));
	dfa_reader_free(&first);
	dfa_reader_free(&second);
	dfa_set_free(&tail);
	dfa_set_free(&inner);
}

/* Copies of nothing at the end are not computed with as copies. */
static void
test_empty_tail(void)
{
	struct dfa_set *set = dfa_set_new(DFA_SET_MEMORY_MAX);
	struct dfa *d = add(set, "a[bc]b?(?:(?!)){2}", 0);
	struct dfa_reader *r = dfa_reader_new(set);

	ok(may_match(r, d, STR("aa abb")) && !may_match(r, d, STR("aa bb")),
	    "a tail of no steps is followed");
	dfa_reader_free(&r);
	dfa_set_free(&set);
}

/* A text that needs a new state for every byte is not followed for ever. */
static void
test_work_limit(void)
{
	struct dfa_set *set = dfa_set_new(DFA_SET_MEMORY_MAX);
	struct dfa *d = add(set,
	    "(?:a|b|c|d)*a(?:(?:a|b){8}){8}(?:(?:a|b){8}){4}"
	    "(?:(?:a|b){8}){4}e",
	    0);
	struct dfa_reader *r = dfa_reader_new(set);
	char *text = mem_alloc(100000);
	uint32_t seed = 3;

	for (int i = 0; i < 100000; i++)
		text[i] = "ab"[next_random(&seed) & 1];
	ok(may_match(r, d, str_make(text, 100000)), "too many states: maybe");
	ok(dfa_set_used(set) <= 2 * DFA_MEMORY_MAX, "in bounded memory");
	ok(!may_match(r, d, STR("cdcdcd")), "others go on");
	free(text);
	dfa_reader_free(&r);
	dfa_set_free(&set);
}

/* What a reader may look at stays, however often others need more room. */
static void
test_retirement(void)
{
	struct dfa_set *set = dfa_set_new(DFA_SET_MEMORY_MAX);
	struct dfa *d = add(set, "a(?:(?:a|b){8}){8}(?:(?:a|b){8}){4}e", 0);
	struct dfa_reader *r = dfa_reader_new(set);
	struct dfa_reader *idle = dfa_reader_new(set);
	size_t used, freed;
	uint32_t seed = 3;
	char text[400];

	dfa_reader_begin(idle);
	for (int i = 0; i < 2000; i++) {
		for (size_t k = 0; k < sizeof(text); k++)
			text[k] = "ab"[next_random(&seed) & 1];
		may_match(r, d, str_make(text, sizeof(text)));
	}
	used = dfa_set_used(set);
	ok(used <= 3 * DFA_MEMORY_MAX, "%zu bytes while one looks on", used);
	dfa_reader_end(idle);
	for (int i = 0; i < 2000; i++) {
		for (size_t k = 0; k < sizeof(text); k++)
			text[k] = "ab"[next_random(&seed) & 1];
		may_match(r, d, str_make(text, sizeof(text)));
	}
	freed = dfa_set_used(set);
	ok(freed < used, "%zu when none does", freed);
	dfa_reader_free(&idle);
	dfa_reader_free(&r);
	dfa_set_free(&set);
}

/* ---- threads ------------------------------------------------------------- */

struct shared {
	struct dfa_set *set;
	struct dfa *dfa[PATTERNS];
	struct regex *regex[PATTERNS];
};

struct thread {
	pthread_t id;
	const struct shared *shared;
	uint32_t seed;
	struct tally tally;
};

static void *
ask_all(void *arg)
{
	struct thread *t = arg;
	struct regex_scratch *s = regex_scratch_new(NULL);
	struct dfa_reader *r = dfa_reader_new(t->shared->set);

	for (int n = 0; n < 500; n++)
		for (size_t i = 0; i < PATTERNS; i++)
			ask(r, t->shared->dfa[i], t->shared->regex[i], s,
			    &t->seed, &t->tally);
	dfa_reader_free(&r);
	regex_scratch_free(&s);
	return NULL;
}

static void
test_threads(size_t memory)
{
	struct dfa_set *set = dfa_set_new(memory);
	struct shared shared = {.set = set};
	struct thread thread[4];
	struct regex_error error;
	int wrong = 0;

	for (size_t i = 0; i < PATTERNS; i++) {
		shared.dfa[i] =
		    add(set, patterns[i].pattern, patterns[i].flags);
		shared.regex[i] = regex_compile(
		    str_from(patterns[i].pattern), patterns[i].flags, &error);
	}
	for (uint32_t i = 0; i < 4; i++) {
		thread[i] = (struct thread){.shared = &shared, .seed = i};
		pthread_create(&thread[i].id, NULL, ask_all, &thread[i]);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(thread[i].id, NULL);
		wrong += thread[i].tally.wrong;
	}
	is_int(wrong, 0, "four threads, %zu bytes: the same matches", memory);
	for (size_t i = 0; i < PATTERNS; i++)
		regex_free(&shared.regex[i]);
	dfa_set_free(&set);
}

int
main(void)
{
	test_patterns(DFA_SET_MEMORY_MAX, false);
	test_patterns(20000, true);
	test_places();
	test_no_room();
	test_refused();
	test_size_limit();
	test_counts();
	test_tail();
	test_empty_tail();
	test_work_limit();
	test_retirement();
	test_threads(DFA_SET_MEMORY_MAX);
	test_threads(12000);
	return done_testing();
}
