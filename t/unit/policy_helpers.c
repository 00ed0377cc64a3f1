/*
 * Rules that only metas look at are tried as metas ask for them: what counts
 * comes out as if all had been tried. On the shipped rules, and on the stock
 * rules of SpamAssassin and the corpus where they are.
 */
#include "base/file.h"
#include "base/mem.h"
#include "policy/engine.h"

#include "snapshot_of.h"
#include "tap.h"

#include <glob.h>
#include <stdlib.h>
#include <unistd.h>

#define STOCK "/usr/share/spamassassin"
#define CORPUS_MAX 150 /* messages of one directory */

/* The same rules, helpers tried as asked and always. */
struct pair {
	struct snapshot *asked;
	struct snapshot *all;
};

struct counts {
	unsigned messages;
	unsigned hits;
	unsigned different;
	unsigned left_open;
};

struct result {
	struct arena arena;
	struct verdict verdict;
	struct hits hits;
};

static bool
judge(struct snapshot *s, struct str mail, struct result *r)
{
	struct scratch *scratch = scratch_borrow(s->plan);
	struct facts f = {.now_ms = 1700000000000};
	struct message *m;

	arena_init(&r->arena, 0);
	m = message_new(&r->arena, &s->mail, NULL, f.now_ms, mail);
	if (m != NULL)
		engine_judge_message(
		    s, scratch, &f, m, &r->arena, &r->verdict, &r->hits);
	scratch_return(s->plan, scratch);
	return m != NULL;
}

static unsigned
count_differences(const struct pair *p, const struct result *asked,
    const struct result *all, struct counts *n)
{
	const struct ruleset *rs = p->all->rules;
	unsigned different = asked->verdict.score != all->verdict.score ||
			     asked->verdict.action != all->verdict.action;

	for (size_t i = 0; i < rs->count; i++) {
		bool open = bitset_has(&asked->hits.open, i);
		double value = asked->hits.value[i];

		n->left_open += open;
		if (open ? !rule_is_helper(&rs->rules[i]) || value != 0
			 : value != all->hits.value[i]) {
			printf("# %.*s: %g%s, it is %g\n",
			    STR_ARG(rs->rules[i].name), value,
			    open ? " and open" : "", all->hits.value[i]);
			different++;
		}
		n->hits += all->hits.value[i] != 0;
	}
	return different;
}

static void
compare(const struct pair *p, const char *path, struct counts *n)
{
	struct result asked = {0}, all = {0};
	struct buf mail;

	buf_init(&mail);
	if (file_read(path, (size_t)16 * 1024 * 1024, &mail) == 0 &&
	    judge(p->asked, buf_str(&mail), &asked) &&
	    judge(p->all, buf_str(&mail), &all)) {
		unsigned different = count_differences(p, &asked, &all, n);

		if (different > 0)
			printf("# in %s\n", path);
		n->different += different;
		n->messages++;
	}
	arena_fini(&asked.arena);
	arena_fini(&all.arena);
	buf_fini(&mail);
}

/* Up to `most` files of what `pattern` names, evenly spread. */
static void
compare_files(
    const struct pair *p, const char *pattern, size_t most, struct counts *n)
{
	glob_t found = {0};
	size_t step;

	if (glob(pattern, 0, NULL, &found) == 0) {
		step = found.gl_pathc / most + 1;
		for (size_t i = 0; i < found.gl_pathc; i += step)
			compare(p, found.gl_pathv[i], n);
	}
	globfree(&found);
}

static void
compare_corpus(const struct pair *p, struct counts *n)
{
	const char *corpus = getenv("POSTERN_CORPUS");
	struct str dirs = str_from(corpus ? corpus : ""), dir;

	while (dirs.len > 0) {
		struct buf pattern;

		dir = str_cut(&dirs, ':');
		buf_init(&pattern);
		buf_printf(&pattern, "%.*s/*", STR_ARG(dir));
		compare_files(p, buf_cstr(&pattern), CORPUS_MAX, n);
		buf_clear(&pattern);
		buf_printf(&pattern, "%.*s/*/*", STR_ARG(dir));
		compare_files(p, buf_cstr(&pattern), CORPUS_MAX, n);
		buf_fini(&pattern);
	}
}

static void
test_rules(const char *what, const char *rules)
{
	const char *top = getenv("srcdir");
	char *own = file_join(top ? top : ".", "t/parity/mail/*.eml");
	struct pair p = {snapshot_of(rules, "helper_rules = asked\n", true),
	    snapshot_of(rules, "helper_rules = all\n", true)};
	struct counts n = {0};

	compare_files(&p, own, SIZE_MAX - 1, &n);
	compare_corpus(&p, &n);
	ok(n.messages > 0 && n.hits > 0, "%s: %u messages, %u hits", what,
	    n.messages, n.hits);
	is_int(n.different, 0, "%s: what counts is the same", what);
	ok(n.left_open > 0, "%s: %u rules did not have to be tried", what,
	    n.left_open);
	snapshot_unref(&p.asked);
	snapshot_unref(&p.all);
	free(own);
}

int
main(void)
{
	const char *top = getenv("srcdir");
	char *shipped = file_join(top ? top : ".", "rules");

	test_rules("shipped rules", shipped);
	if (access(STOCK, R_OK) == 0)
		test_rules("stock rules", STOCK);
	else
		printf("ok %d # skip SpamAssassin's rules are not installed\n",
		    ++tap_run);
	free(shipped);
	return done_testing();
}
