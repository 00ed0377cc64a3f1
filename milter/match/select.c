#include "match/select.h"

#include "base/compat.h"
#include "base/map.h"
#include "base/vec.h"
#include "match/effort.h"
#include "match/shape_set.h"
#include "match/tree.h"
#include "match/unbroken.h"

#include <stdlib.h>

/* Memory of one pattern's extraction. */
#define EXTRACT_MEMORY_MAX ((size_t)128 * 1024 * 1024)

#define LITERAL_BITS_GOOD 13 /* literals as rare need no shape */
#define SHAPE_ADVANTAGE 5    /* bits a shape must be better by */
#define DFA_PATTERN_MIN 12   /* bytes; PCRE2 is fast at shorter ones */
#define WINDOW_MAX 4000	     /* starts that one literal leaves open */
#define WINDOW_LINES_MAX 4   /* or newlines before it */

/* A use and the literal it belongs to, before they are sorted. */
struct raw_use {
	uint32_t literal;
	struct use use;
};

struct shaped {
	uint32_t job;
	uint32_t key;
	struct shape shape;
};

struct selection {
	struct map *ids; /* of this key: case, text -> literal + 1 */
	VEC(struct prefilter_literal) literals; /* of this key */
	VEC(struct raw_use) raw;		/* of this key */
	VEC(struct use) uses;
	VEC(struct shaped) shaped;
	struct dfa_set *dfas;
	uint32_t steps; /* of one match */
	enum view view;
	const struct sample *sample;
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

/* A clause that tells where a match may begin. */
struct anchored {
	enum anchor how;
	size_t clause;
};

/* The one that leaves the fewest places, or none. */
static struct anchored
choose_anchor(const struct literal_need *need)
{
	uint32_t best = WINDOW_MAX, lines = WINDOW_LINES_MAX;
	struct anchored a = {ANCHOR_NONE, 0};

	for (size_t c = 0; c < need->count; c++) {
		struct distance at = need->clause[c].at;

		if (at.most != DISTANCE_NO_END && at.most - at.least < best) {
			best = at.most - at.least;
			a = (struct anchored){ANCHOR_BYTES, c};
		} else if (a.how != ANCHOR_BYTES && at.lines < lines) {
			lines = at.lines;
			a = (struct anchored){ANCHOR_LINES, c};
		}
	}
	return a;
}

static void
add_need(struct selection *sel, uint32_t job, const struct literal_need *need,
    struct anchored anchored)
{
	for (size_t c = 0; c < need->count; c++) {
		const struct literal_clause *clause = &need->clause[c];
		enum anchor anchor =
		    c == anchored.clause ? anchored.how : ANCHOR_NONE;
		struct use use = {.job = job,
		    .clause = (uint8_t)(1u << c),
		    .need = (uint8_t)((1u << need->count) - 1),
		    .times = (uint8_t)(c == 0 ? clause->times : 1),
		    .anchor = (uint8_t)anchor,
		    .least = clause->at.least,
		    .most = anchor == ANCHOR_LINES ? clause->at.lines
						   : clause->at.most};

		for (size_t i = 0; i < clause->len; i++) {
			use.left = clause->v[i].left;
			use.right = clause->v[i].right;
			*VEC_PUSH(&sel->raw) = (struct raw_use){
			    .literal = literal_id(sel, &clause->v[i]),
			    .use = use};
		}
	}
}

static void
add_shape(struct selection *sel, uint32_t job, const struct shape *shape)
{
	*VEC_PUSH(&sel->shaped) = (struct shaped){.job = job, .shape = *shape};
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

static int
compare_shaped(const void *a, const void *b)
{
	const struct shaped *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->job < y->job ? -1 : x->job > y->job;
}

/* The uses of a key's literals, and the set they are looked for with. */
static struct prefilter *
store_literals(struct selection *sel)
{
	size_t n = sel->literals.len, at = 0;
	struct prefilter *filter;

	if (n == 0)
		return NULL;
	qsort(sel->raw.v, sel->raw.len, sizeof(*sel->raw.v), compare_uses);
	for (uint32_t i = 0; i < n; i++) {
		sel->literals.v[i].id = (uint32_t)sel->uses.len;
		for (; at < sel->raw.len && sel->raw.v[at].literal == i; at++)
			*VEC_PUSH(&sel->uses) = sel->raw.v[at].use;
		sel->uses.v[sel->uses.len - 1].last = true;
	}
	filter = prefilter_new(sel->literals.v, n);
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)sel->literals.v[i].text.p);
	sel->literals.len = 0;
	sel->raw.len = 0;
	return filter;
}

static void
on_common_shape(void *context, uint32_t shape)
{
	((size_t *)context)[shape]++;
}

/* How many of `n` shapes are in more than three strings of four. */
static size_t
count_common(
    const struct shape_set *set, size_t n, const struct sample_strings *sample)
{
	size_t *found = mem_array(n, sizeof(*found));
	size_t strings = 0, common = 0;

	for (size_t k = 0; k < SAMPLE_MESSAGES; k++) {
		const struct str_list *list = &sample->list[k];

		for (size_t i = 0; i < list->len; i++)
			shape_set_scan(set, list->v[i], on_common_shape, found);
		strings += list->len;
	}
	for (size_t i = 0; i < n; i++)
		common += found[i] * 4 > strings * 3;
	free(found);
	return common;
}

/*
 * Is the shape of a pattern so much rarer than its literals? A shape does not
 * tell where: of a pattern that can take any number of bytes before a literal,
 * and so is slow to try everywhere, the literal is worth more.
 */
static bool
prefers_shape(const struct literal_need *need, enum anchor anchor,
    const struct shape_cover *cover, const struct sample_strings *sample)
{
	struct shape_set *set;
	size_t common;

	if (cover->bits <= need->bits + SHAPE_ADVANTAGE ||
	    anchor == ANCHOR_LINES)
		return false;
	if (need->count == 0)
		return true;
	set = shape_set_new(cover->v, cover->len, compat_vector_bytes());
	common = count_common(set, cover->len, sample);
	shape_set_free(&set);
	return common == 0;
}

/* A rule whose steps are counted, as callouts, takes several times as long. */
static void
find_brief(struct brief *brief, const struct rule *rule,
    const struct node *tree, uint32_t steps)
{
	struct regex_error error;

	brief->line_max = effort_line_max(tree, steps);
	if (brief->line_max > 0)
		brief->regex =
		    regex_compile(rule->pattern, rule->regex_flags, &error);
}

/* To find one match it is the faster only when it looks for a byte. */
static struct counter *
find_counter(const struct rule *rule, const struct node *tree)
{
	struct counter *c = counter_new(rule->pattern, rule->regex_flags, tree);

	if (c != NULL && (rule->flags & TFLAG_MULTIPLE) == 0 &&
	    !counter_is_class(c))
		counter_free(&c);
	return c;
}

/* Literals when they are rare enough, else the shape of the pattern. */
static void
select_job(struct selection *sel, struct job *j, uint32_t index,
    const struct sample_strings *sample, struct arena *a)
{
	struct literal_need need;
	struct shape_cover cover;
	const struct rule *rule = j->rule;
	/* `perl` has the tags written out that a large pattern calls. */
	struct str pattern = rule->calls_tags ? rule->perl : rule->pattern;
	const struct node *tree =
	    tree_parse(pattern, rule->calls_tags ? 0 : rule->regex_flags, a);
	bool has_places = !literal_depends_on_search(pattern);
	struct anchored anchored = {ANCHOR_NONE, 0};

	if (tree == NULL)
		return;
	if (!rule->calls_tags)
		j->counter = find_counter(rule, tree);
	if (j->counter == NULL && !rule->negated && has_places &&
	    rule->pattern.len >= DFA_PATTERN_MIN)
		j->dfa = dfa_add(sel->dfas, tree);
	if (rule->slow && !rule->calls_tags)
		find_brief(&j->brief, rule, tree, sel->steps);
	j->unbroken = unbroken_least(tree);
	literal_extract_tree(tree, sample, a, &need);
	if (has_places)
		anchored = choose_anchor(&need);
	if (need.bits < LITERAL_BITS_GOOD && shape_extract(tree, a, &cover) &&
	    prefers_shape(&need, anchored.how, &cover, sample)) {
		for (size_t i = 0; i < cover.len; i++)
			add_shape(sel, index, &cover.v[i]);
		j->always = false;
		return;
	}
	j->always = need.count == 0;
	add_need(sel, index, &need, anchored);
}

/* Builds the set of the shapes [v, v + n), all of jobs with one key. */
static void
make_group(const struct work *w, const struct shaped *v, size_t n,
    struct shape_group *out)
{
	struct shape *shapes = mem_array(n, sizeof(*shapes));

	out->key = w->jobs[v[0].job].key;
	out->jobs = mem_array(n, sizeof(*out->jobs));
	for (size_t i = 0; i < n; i++) {
		shapes[i] = v[i].shape;
		out->jobs[i] = v[i].job;
	}
	out->set = shape_set_new(shapes, n, compat_vector_bytes());
	free(shapes);
}

static void
free_group(struct shape_group *g)
{
	shape_set_free(&g->set);
	free(g->jobs);
}

/* A group that tells nothing of most texts costs more than it saves. */
static void
add_group(struct work *w, const struct shaped *v, size_t n,
    const struct sample_strings *sample)
{
	struct shape_group *g = &w->groups[w->group_count];

	make_group(w, v, n, g);
	if (count_common(g->set, n, sample) < n) {
		w->group_count++;
		return;
	}
	free_group(g);
	for (size_t i = 0; i < n; i++)
		w->jobs[v[i].job].always = true;
}

static void
store_shapes(struct work *w, struct selection *sel)
{
	const struct shaped *v = sel->shaped.v;
	size_t from = 0;

	if (sel->shaped.len == 0)
		return;
	for (size_t i = 0; i < sel->shaped.len; i++)
		sel->shaped.v[i].key = w->jobs[v[i].job].key;
	qsort(sel->shaped.v, sel->shaped.len, sizeof(*v), compare_shaped);
	w->groups = mem_array(sel->shaped.len, sizeof(*w->groups));
	for (size_t i = 1; i <= sel->shaped.len; i++) {
		struct sample_strings sample;

		if (i < sel->shaped.len && v[i].key == v[from].key)
			continue;
		sample_strings(
		    sel->sample, sel->view, v[from].key, w->key_count, &sample);
		add_group(w, v + from, i - from, &sample);
		from = i;
	}
}

/* Jobs with their index, by key. */
struct keyed {
	uint32_t key;
	uint32_t job;
};

static int
compare_keyed(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->job < y->job ? -1 : x->job > y->job;
}

static struct keyed *
jobs_by_key(const struct work *w)
{
	struct keyed *v = mem_array(w->job_count + 1, sizeof(*v));

	for (uint32_t i = 0; i < w->job_count; i++)
		v[i] = (struct keyed){w->jobs[i].key, i};
	qsort(v, w->job_count, sizeof(*v), compare_keyed);
	return v;
}

/* The jobs of one key. */
static void
select_key(struct work *w, struct selection *sel, const struct keyed *v,
    size_t n, struct arena *a)
{
	struct sample_strings sample;

	sel->ids = map_new(false);
	sample_strings(sel->sample, sel->view, v->key, w->key_count, &sample);
	for (size_t i = 0; i < n; i++) {
		struct job *j = &w->jobs[v[i].job];

		/* The text an if-unset brings in is in no view. */
		if (j->rule->type == RULE_MIMEHEADER && j->rule->has_unset)
			continue;
		arena_reset(a);
		select_job(sel, j, v[i].job, &sample, a);
	}
	map_free(&sel->ids);
}

void
select_build(
    struct plan *p, enum view view, size_t keys, const struct sample *sample)
{
	struct work *w = &p->work[view];
	struct selection sel = {.dfas = p->dfas,
	    .steps = p->limits.match != 0 ? p->limits.match : REGEX_MATCH_LIMIT,
	    .view = view,
	    .sample = sample};
	struct keyed *v = jobs_by_key(w);
	struct arena a;

	w->filters = mem_array(keys, sizeof(*w->filters));
	w->key_count = keys;
	arena_init(&a, EXTRACT_MEMORY_MAX);
	for (size_t i = 0, end; i < w->job_count; i = end) {
		end = i + 1;
		while (end < w->job_count && v[end].key == v[i].key)
			end++;
		select_key(w, &sel, v + i, end - i, &a);
		w->filters[v[i].key] = store_literals(&sel);
	}
	arena_fini(&a);
	free(v);
	VEC_FINI(&sel.literals);
	VEC_FINI(&sel.raw);
	w->uses = sel.uses.v;
	store_shapes(w, &sel);
	VEC_FINI(&sel.shaped);
}

void
select_fini(struct work *w)
{
	free(w->uses);
	for (size_t i = 0; i < w->key_count; i++)
		prefilter_free(&w->filters[i]);
	free(w->filters);
	for (size_t i = 0; i < w->group_count; i++)
		free_group(&w->groups[i]);
	free(w->groups);
}
