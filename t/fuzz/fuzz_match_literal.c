/*
 * A pattern, a newline, a text: what PCRE2 finds must hold every literal and
 * run through a shape that were extracted from the pattern.
 */
#include "base/compat.h"
#include "base/mem.h"
#include "match/literal.h"
#include "match/shape_set.h"
#include "match/tree.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
clause_met(const struct literal_clause *c, struct str text)
{
	for (size_t i = 0; i < c->len; i++)
		if ((c->v[i].nocase ? str_find_nocase(text, c->v[i].text)
				    : str_find(text, c->v[i].text)) != STR_NPOS)
			return true;
	return false;
}

static void
on_shape(void *context, uint32_t shape)
{
	(void)shape;
	*(bool *)context = true;
}

static void
check_tree(const struct node *tree, struct arena *a, struct str text)
{
	struct literal_need need;
	struct shape_cover cover;

	literal_extract_tree(tree, NULL, a, &need);
	for (size_t i = 0; i < need.count; i++)
		invariant(clause_met(&need.clause[i], text));
	if (shape_extract(tree, a, &cover)) {
		struct shape_set *set =
		    shape_set_new(cover.v, cover.len, compat_vector_bytes());
		bool met = false;

		shape_set_scan(set, text, on_shape, &met);
		shape_set_free(&set);
		invariant(met);
	}
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
	if (re != NULL && tree != NULL &&
	    regex_match(re, s, text, 0, NULL) == 1)
		check_tree(tree, &a, text);
	arena_fini(&a);
	regex_free(&re);
	regex_scratch_free(&s);
	return 0;
}
