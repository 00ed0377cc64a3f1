#include "match/dict_index.h"

#include "base/vec.h"
#include "rule/dict_fold.h"

#include <stdlib.h>

#define ROOT 1u
/* A literal seen at one place of sixteen still saves more than it costs. */
#define LITERAL_BITS_MIN 4
#define LITERALS_ARENA_MAX ((size_t)4 * 1024 * 1024)

struct pair {
	uint32_t key; /* word or trie state */
	struct dict_use use;
};

struct builder {
	struct dict_index *x;
	struct map *known; /* kind and text -> word */
	VEC(struct dict_vocable) words;
	VEC(struct pair) uses;
	VEC(struct pair) ends;
	VEC(uint32_t) nears;
	VEC(struct dict_pattern) patterns;
	VEC(struct dict_literal) literals;
	struct buf key;
	size_t phrase_words;
	uint32_t states;
};

/* ---- tables ------------------------------------------------------------- */

static inline uint32_t
short_hash(struct str text)
{
	return (uint32_t)str_hash(text);
}

static void
table_init(struct dict_table *t, size_t words)
{
	size_t slots = 16;

	while (slots < words * 2 + 2)
		slots *= 2;
	t->slot = mem_array(slots, sizeof(*t->slot));
	t->mask = slots - 1;
}

/* What two words of the same text have in common, in a few steps. */
static inline unsigned
filter_key(struct str text)
{
	unsigned first = (unsigned char)text.p[0];
	unsigned last = (unsigned char)text.p[text.len - 1];
	unsigned key =
	    (unsigned)text.len * 0x9e37u ^ first * 0x85ebu ^ last * 0xc2b2u;

	return (key ^ key >> DICT_FILTER_BITS) & ((1u << DICT_FILTER_BITS) - 1);
}

static void
table_add(struct dict_table *t, struct str text, uint32_t word)
{
	uint32_t hash = short_hash(text);
	unsigned key = filter_key(text);
	size_t i = hash & t->mask;

	t->filter[key / 64] |= (uint64_t)1 << (key % 64);
	while (t->slot[i].word != 0)
		i = (i + 1) & t->mask;
	t->slot[i] = (struct dict_slot){hash, word};
	t->used++;
}

uint32_t
dict_index_word(const struct dict_index *x, struct str text)
{
	unsigned key = filter_key(text);
	uint32_t hash;
	size_t i;

	if ((x->plain.filter[key / 64] >> (key % 64) & 1) == 0)
		return 0;
	hash = short_hash(text);
	i = hash & x->plain.mask;
	for (; x->plain.slot[i].word != 0; i = (i + 1) & x->plain.mask) {
		const struct dict_slot *s = &x->plain.slot[i];

		if (s->hash == hash && str_eq(x->words[s->word].text, text))
			return s->word;
	}
	return 0;
}

/* Whether a leet word is of class `class`. */
static bool
has_class(const struct dict_vocable *word, struct str class)
{
	char text[DICT_TERM_MAX];
	struct buf b = {.p = text, .size = sizeof(text), .limit = sizeof(text)};

	if (word->text.len != class.len || class.len >= sizeof(text))
		return false;
	leet_class(word->text, &b);
	return str_eq(buf_str(&b), class);
}

uint32_t
dict_index_leet(const struct dict_index *x, struct str class)
{
	uint32_t hash = short_hash(class);
	size_t i = hash & x->leet.mask;

	for (; x->leet.slot[i].word != 0; i = (i + 1) & x->leet.mask) {
		const struct dict_slot *s = &x->leet.slot[i];

		if (s->hash == hash && has_class(&x->words[s->word], class))
			return s->word;
	}
	return 0;
}

static inline size_t
edge_slot(const struct dict_index *x, uint32_t state, uint32_t word)
{
	uint64_t h = ((uint64_t)state << 32 | word) * 0x9fb21c651e98df25ULL;

	return (size_t)(h >> 24) & x->edge_mask;
}

uint32_t
dict_index_step(const struct dict_index *x, uint32_t state, uint32_t word)
{
	size_t i = edge_slot(x, state, word);

	for (; x->edges[i].next != 0; i = (i + 1) & x->edge_mask)
		if (x->edges[i].state == state && x->edges[i].word == word)
			return x->edges[i].next;
	return 0;
}

/* ---- words -------------------------------------------------------------- */

enum word_kind { KIND_PLAIN, KIND_LEET };

static void
add_mark(struct builder *b, struct str text, uint32_t id)
{
	if (b->x->marks == NULL)
		b->x->marks = automaton_new();
	automaton_add(b->x->marks, text, id);
}

static uint32_t
add_word(struct builder *b, const struct dict_word *w, enum word_kind kind)
{
	uintptr_t known;

	buf_clear(&b->key);
	buf_printf(&b->key, "%d%d%d", kind, w->open_left, w->open_right);
	buf_add(&b->key, w->text);
	known = (uintptr_t)map_get(b->known, buf_str(&b->key));
	if (known != 0)
		return (uint32_t)known;
	known = b->words.len;
	*VEC_PUSH(&b->words) = (struct dict_vocable){.text = w->text,
	    .open_left = w->open_left,
	    .open_right = w->open_right};
	map_set(b->known, buf_str(&b->key), (void *)known);
	if (kind == KIND_PLAIN && (w->open_left || w->open_right))
		add_mark(b, w->text, (uint32_t)known);
	return (uint32_t)known;
}

static void
add_use(
    struct builder *b, uint32_t word, enum dict_use_kind kind, uint32_t term)
{
	*VEC_PUSH(&b->uses) = (struct pair){word, {kind, term}};
}

/* ---- regular expressions ------------------------------------------------ */

/* Text is folded when it is searched, so literals are in lower case. */
static void
add_literal(struct builder *b, uint32_t pattern, const struct literal *l)
{
	uint32_t id = (uint32_t)b->literals.len;

	buf_clear(&b->key);
	for (size_t c = 0; c < l->text.len; c++)
		buf_add_char(&b->key, ascii_lower(l->text.p[c]));
	add_mark(b, buf_str(&b->key), MARK_LITERAL | id);
	*VEC_PUSH(&b->literals) =
	    (struct dict_literal){pattern, l->left, l->right};
}

static void
add_pattern(struct builder *b, const struct dict_term *t, uint32_t term)
{
	struct dict_pattern p = {.term = term, .always = true};
	uint32_t index = (uint32_t)b->patterns.len;
	struct literal_need need;
	struct arena a;

	arena_init(&a, LITERALS_ARENA_MAX);
	literal_extract_common(
	    t->pattern, t->regex_flags, LITERAL_BITS_MIN, &a, &need);
	if (need.count > 0 && !literal_depends_on_search(t->pattern)) {
		const struct literal_clause *clause = &need.clause[0];

		p.always = false;
		p.at = clause->at;
		for (size_t i = 0; i < clause->len; i++)
			add_literal(b, index, &clause->v[i]);
	}
	arena_fini(&a);
	b->x->has_plain |= t->regex_plain;
	*VEC_PUSH(&b->patterns) = p;
}

/* ---- terms -------------------------------------------------------------- */

static void
add_near(struct builder *b, const struct dict_term *t, uint32_t term)
{
	uint32_t near = (uint32_t)b->nears.len;

	*VEC_PUSH(&b->nears) = term;
	add_use(b, add_word(b, &t->words[0], KIND_PLAIN), USE_NEAR_A, near);
	add_use(b, add_word(b, &t->words[1], KIND_PLAIN), USE_NEAR_B, near);
}

/* First pass: words. Phrases wait until the trie's size is known. */
static void
add_term(struct builder *b, const struct dict_term *t, uint32_t term)
{
	switch (t->type) {
	case TERM_WORD:
		add_use(
		    b, add_word(b, &t->words[0], KIND_PLAIN), USE_COUNT, term);
		if (t->leet)
			add_use(b, add_word(b, &t->words[0], KIND_LEET),
			    USE_COUNT, term);
		break;
	case TERM_PHRASE:
		for (size_t i = 0; i < t->word_count; i++)
			add_word(b, &t->words[i], KIND_PLAIN);
		b->phrase_words += t->word_count;
		break;
	case TERM_NEAR:
		add_near(b, t, term);
		break;
	case TERM_REGEX:
		add_pattern(b, t, term);
		break;
	}
}

static uint32_t
add_edge(struct builder *b, uint32_t state, uint32_t word)
{
	struct dict_index *x = b->x;
	size_t i = edge_slot(x, state, word);

	for (; x->edges[i].next != 0; i = (i + 1) & x->edge_mask)
		if (x->edges[i].state == state && x->edges[i].word == word)
			return x->edges[i].next;
	x->edges[i] = (struct dict_edge){state, word, ++b->states};
	return b->states;
}

static void
add_phrase(struct builder *b, const struct dict_term *t, uint32_t term)
{
	uint32_t state = ROOT;

	if (t->type != TERM_PHRASE)
		return;
	for (size_t i = 0; i < t->word_count; i++) {
		uint32_t word = add_word(b, &t->words[i], KIND_PLAIN);

		state = add_edge(b, state, word);
		if (i == 0)
			b->words.v[word].phrase = state;
	}
	*VEC_PUSH(&b->ends) = (struct pair){state, {USE_COUNT, term}};
}

/* ---- lists by key ------------------------------------------------------- */

static int
by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->use.term > y->use.term) - (x->use.term < y->use.term);
}

static void
finish_uses(struct builder *b)
{
	struct dict_index *x = b->x;

	if (b->uses.len > 1)
		qsort(b->uses.v, b->uses.len, sizeof(*b->uses.v), by_key);
	x->uses = mem_array(b->uses.len, sizeof(*x->uses));
	for (size_t i = 0; i < b->uses.len; i++) {
		struct dict_range *r = &x->words[b->uses.v[i].key].uses;

		x->uses[i] = b->uses.v[i].use;
		if (r->count++ == 0)
			r->first = (uint32_t)i;
	}
}

static void
finish_ends(struct builder *b)
{
	struct dict_index *x = b->x;

	if (b->ends.len > 1)
		qsort(b->ends.v, b->ends.len, sizeof(*b->ends.v), by_key);
	x->ends = mem_array((size_t)b->states + 1, sizeof(*x->ends));
	x->end_terms = mem_array(b->ends.len, sizeof(*x->end_terms));
	for (size_t i = 0; i < b->ends.len; i++) {
		struct dict_range *r = &x->ends[b->ends.v[i].key];

		x->end_terms[i] = b->ends.v[i].use.term;
		if (r->count++ == 0)
			r->first = (uint32_t)i;
	}
	x->has_phrases = b->ends.len > 0;
}

static void
add_leet(struct builder *b, uint32_t word)
{
	struct dict_index *x = b->x;
	uint32_t first;

	buf_clear(&b->key);
	leet_class(x->words[word].text, &b->key);
	first = dict_index_leet(x, buf_str(&b->key));
	if (first == 0) {
		table_add(&x->leet, buf_str(&b->key), word);
		return;
	}
	x->words[word].next_leet = x->words[first].next_leet;
	x->words[first].next_leet = word;
}

/* Every word into the table of its kind; the kind is in the key of `known`. */
static void
finish_words(struct builder *b)
{
	struct dict_index *x = b->x;
	size_t pos = 0;
	struct str key;
	void *value;

	x->words = b->words.v;
	x->word_count = b->words.len;
	table_init(&x->plain, x->word_count);
	table_init(&x->leet, x->word_count);
	while (map_next(b->known, &pos, &key, &value)) {
		uint32_t word = (uint32_t)(uintptr_t)value;

		if (key.p[0] == '0' + KIND_LEET)
			add_leet(b, word);
		else if (key.p[1] == '0' && key.p[2] == '0')
			table_add(&x->plain, x->words[word].text, word);
	}
}

/* ---- the index ---------------------------------------------------------- */

static void
list_terms(struct dict_index *x)
{
	size_t n = 0;

	for (size_t d = 0; d < x->set->len; d++)
		x->term_count += x->set->v[d].term_count;
	x->terms = mem_array(x->term_count, sizeof(struct dict_term *));
	x->dict_of = mem_array(x->term_count, sizeof(*x->dict_of));
	for (size_t d = 0; d < x->set->len; d++)
		for (size_t t = 0; t < x->set->v[d].term_count; t++) {
			x->terms[n] = &x->set->v[d].terms[t];
			x->dict_of[n++] = (uint32_t)d;
		}
}

static void
build_phrases(struct builder *b)
{
	struct dict_index *x = b->x;
	size_t slots = 16;

	while (slots < b->phrase_words * 2)
		slots *= 2;
	x->edges = mem_array(slots, sizeof(*x->edges));
	x->edge_mask = slots - 1;
	b->states = ROOT;
	for (size_t i = 0; i < x->term_count; i++)
		add_phrase(b, x->terms[i], (uint32_t)i);
}

struct dict_index *
dict_index_new(const struct dict_set *set)
{
	struct dict_index *x = mem_alloc(sizeof(*x));
	struct builder b = {.x = x, .known = map_new(false)};

	x->set = set;
	buf_init(&b.key);
	*VEC_PUSH(&b.words) = (struct dict_vocable){.text = STR_NONE};
	list_terms(x);
	for (size_t i = 0; i < x->term_count; i++)
		add_term(&b, x->terms[i], (uint32_t)i);
	build_phrases(&b);
	finish_words(&b);
	finish_uses(&b);
	finish_ends(&b);
	x->nears = b.nears.v;
	x->near_count = b.nears.len;
	x->patterns = b.patterns.v;
	x->pattern_count = b.patterns.len;
	x->literals = b.literals.v;
	if (x->marks != NULL)
		automaton_build(x->marks);
	VEC_FINI(&b.uses);
	VEC_FINI(&b.ends);
	map_free(&b.known);
	buf_fini(&b.key);
	return x;
}

void
dict_index_free(struct dict_index **xp)
{
	struct dict_index *x = *xp;

	if (x == NULL)
		return;
	automaton_free(&x->marks);
	free(x->terms);
	free(x->dict_of);
	free(x->words);
	free(x->plain.slot);
	free(x->leet.slot);
	free(x->uses);
	free(x->edges);
	free(x->ends);
	free(x->end_terms);
	free(x->nears);
	free(x->patterns);
	free(x->literals);
	free(x);
	*xp = NULL;
}
