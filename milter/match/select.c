#include "match/select.h"

#include "base/map.h"
#include "base/vec.h"

#include <stdlib.h>

/* Memory of one pattern's extraction. */
#define EXTRACT_MEMORY_MAX ((size_t)128 * 1024 * 1024)

/* A use and the literal it belongs to, before they are sorted. */
struct raw_use {
	uint32_t literal;
	struct use use;
};

struct selection {
	struct map *ids; /* case, text -> id + 1 */
	VEC(struct prefilter_literal) literals;
	VEC(struct raw_use) uses;
};

static uint32_t
literal_id(struct selection *sel, const struct literal *l)
{
	char key[LITERAL_LEN_MAX + 1];
	struct str name = str_make(key, l->text.len + 1);
	uintptr_t known;

	key[0] = l->nocase ? 'i' : 'c';
	for (size_t i = 0; i < l->text.len; i++)
		key[i + 1] =
		    l->nocase ? ascii_lower(l->text.p[i]) : l->text.p[i];
	known = (uintptr_t)map_get(sel->ids, name);
	if (known == 0) {
		*VEC_PUSH(&sel->literals) = (struct prefilter_literal){
		    .text = str_make(
			mem_strndup(key + 1, l->text.len), l->text.len),
		    .nocase = l->nocase};
		known = sel->literals.len;
		map_set(sel->ids, name, (void *)known);
	}
	return (uint32_t)(known - 1);
}

static void
add_need(struct selection *sel, uint32_t job, const struct literal_need *need)
{
	for (size_t c = 0; c < need->count; c++) {
		for (size_t i = 0; i < need->clause[c].len; i++) {
			const struct literal *l = &need->clause[c].v[i];

			*VEC_PUSH(&sel->uses) =
			    (struct raw_use){.literal = literal_id(sel, l),
				.use = {.job = job,
				    .clause = (uint8_t)(1u << c),
				    .left = l->left,
				    .right = l->right}};
		}
	}
}

static int
compare_uses(const void *a, const void *b)
{
	const struct raw_use *x = a, *y = b;

	if (x->literal != y->literal)
		return x->literal < y->literal ? -1 : 1;
	if (x->use.job != y->use.job)
		return x->use.job < y->use.job ? -1 : 1;
	return 0;
}

static void
store_uses(struct work *w, struct selection *sel)
{
	size_t at = 0;

	w->literals = sel->literals.v;
	w->literal_count = sel->literals.len;
	w->uses = mem_array(sel->uses.len + 1, sizeof(*w->uses));
	w->first_use = mem_array(w->literal_count + 1, sizeof(*w->first_use));
	if (sel->uses.len > 0)
		qsort(sel->uses.v, sel->uses.len, sizeof(*sel->uses.v),
		    compare_uses);
	for (uint32_t id = 0; id < w->literal_count; id++) {
		w->first_use[id] = (uint32_t)at;
		for (; at < sel->uses.len && sel->uses.v[at].literal == id;
		     at++)
			w->uses[at] = sel->uses.v[at].use;
	}
	w->first_use[w->literal_count] = (uint32_t)at;
}

void
select_build(struct work *w, const char *cache_dir)
{
	struct selection sel = {.ids = map_new(false)};
	struct arena a;

	(void)cache_dir;
	arena_init(&a, EXTRACT_MEMORY_MAX);
	for (uint32_t i = 0; i < w->job_count; i++) {
		struct literal_need need;
		const struct rule *rule = w->jobs[i].rule;

		arena_reset(&a);
		/* The text an if-unset brings in is in no view. */
		if (rule->type == RULE_MIMEHEADER && rule->has_unset)
			continue;
		literal_extract(rule->pattern, rule->regex_flags, &a, &need);
		add_need(&sel, i, &need);
		w->jobs[i].need = (1u << need.count) - 1;
	}
	arena_fini(&a);
	map_free(&sel.ids);
	store_uses(w, &sel);
	VEC_FINI(&sel.uses);
	w->filter = prefilter_new(w->literals, w->literal_count);
	for (uint32_t i = 0; w->filter == NULL && i < w->job_count; i++)
		w->jobs[i].need = 0;
}

void
select_fini(struct work *w)
{
	for (size_t i = 0; i < w->literal_count; i++)
		free((char *)(uintptr_t)w->literals[i].text.p);
	free(w->literals);
	free(w->uses);
	free(w->first_use);
	prefilter_free(&w->filter);
}
