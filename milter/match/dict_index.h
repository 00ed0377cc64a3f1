/*
 * All dictionaries of a set as one index: words by hash, phrases by a trie over
 * words, open words and the literals of regular expressions by one automaton.
 *
 * Inside of match/dict_scan.c. Built once, immutable, shared by threads;
 * references the set, which outlives it.
 */
#ifndef POSTERN_MATCH_DICT_INDEX_H
#define POSTERN_MATCH_DICT_INDEX_H

#include "base/map.h"
#include "match/automaton.h"
#include "match/literal.h"
#include "rule/dict.h"

/* What a word does where it is met. */
enum dict_use_kind {
	USE_COUNT,  /* it is the term */
	USE_NEAR_A, /* it is one word of near() */
	USE_NEAR_B
};

struct dict_use {
	enum dict_use_kind kind;
	uint32_t term; /* near: index of the near() */
};

/* Range of a list. */
struct dict_range {
	uint32_t first;
	uint32_t count;
};

/* Word 0 is none. */
struct dict_vocable {
	struct str text;
	bool open_left;
	bool open_right;
	struct dict_range uses;
	uint32_t phrase;    /* trie state phrases that begin so are in, or 0 */
	uint32_t next_leet; /* next leet word of the same class, or 0 */
};

/* Trie state 0 is none, 1 the root. */
struct dict_edge {
	uint32_t state;
	uint32_t word;
	uint32_t next;
};

/* A regular expression that is tried around its literals. */
struct dict_pattern {
	uint32_t term;
	bool always;	    /* it has none: everywhere */
	struct distance at; /* where in a match a literal begins */
};

struct dict_literal {
	uint32_t pattern;
	uint8_t left; /* enum literal_edge */
	uint8_t right;
};

#define MARK_LITERAL 0x80000000u

struct dict_slot {
	uint32_t hash;
	uint32_t word; /* 0: empty */
};

#define DICT_FILTER_BITS 12

struct dict_table {
	struct dict_slot *slot;
	size_t mask;
	size_t used;
	/* By length and outer bytes: no bit, no such word. */
	uint64_t filter[(1u << DICT_FILTER_BITS) / 64];
};

struct dict_index {
	const struct dict_set *set;
	const struct dict_term **terms; /* of all dictionaries */
	uint32_t *dict_of;		/* by term */
	size_t term_count;

	struct dict_vocable *words;
	size_t word_count;
	struct dict_table plain; /* whole words by their text */
	struct dict_table leet;	 /* leet words by their class */
	struct dict_use *uses;

	struct dict_edge *edges; /* by hash, mask edge_mask */
	size_t edge_mask;
	struct dict_range *ends; /* by state: phrases that end there */
	uint32_t *end_terms;
	bool has_phrases;

	uint32_t *nears; /* near() -> term */
	size_t near_count;

	struct dict_pattern *patterns;
	size_t pattern_count;
	bool has_plain; /* one of them is of that kind */
	struct dict_literal *literals;

	/* Open words, by their number, and literals, by theirs | MARK_LITERAL.
	 */
	struct automaton *marks; /* NULL: there are none */
};

struct dict_index *dict_index_new(const struct dict_set *set);
void dict_index_free(struct dict_index **x);

/* Word of exactly this text that is not open, or 0. */
uint32_t dict_index_word(const struct dict_index *x, struct str text);
/* First leet word of this class, or 0; go on with next_leet. */
uint32_t dict_index_leet(const struct dict_index *x, struct str class);
/* State after `word` in `state`, or 0. */
uint32_t dict_index_step(
    const struct dict_index *x, uint32_t state, uint32_t word);

#endif
