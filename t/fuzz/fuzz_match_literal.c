/*
 * A pattern, a newline, a text: what PCRE2 finds must hold every literal and
 * run through a shape that were extracted from the pattern.
 */
#include "base/compat.h"
#include "match/literal.h"
#include "match/shape_set.h"

#include "pattern_text.h"

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
	struct pattern_text p;

	if (pattern_text_open(&p, data, size) && pattern_text_matches(&p))
		check_tree(p.tree, &p.arena, p.text);
	pattern_text_close(&p);
	return 0;
}
