/*
 * The state of one message's scan by dictionaries, between the dict_*.c files
 * that do it. Not for others.
 */
#ifndef POSTERN_MATCH_DICT_COUNTER_H
#define POSTERN_MATCH_DICT_COUNTER_H

#include "match/dict_scan.h"

/* Phrases followed at once. More can only come of overlapping open words. */
#define ACTIVE_MAX 256
/* Open words and leet words read from one word of text. */
#define SAME_MAX 32
/* Stretches of one text in which one pattern is tried; the last takes the rest.
 */
#define WINDOWS_MAX 8

struct tally {
	uint32_t term;
	uint32_t count[PLACE_COUNT];
	uint32_t last_end; /* word the last hit of a phrase ended with */
};

/* Where a match of a pattern may begin in the current text, in order. */
struct windows {
	uint32_t count;
	struct regex_span v[WINDOWS_MAX];
};

struct counter {
	const struct dict_index *x;
	struct regex_scratch *regex;
	struct arena *arena;
	uint32_t *tally_of; /* by term: index + 1 */
	struct tally *tallies;
	size_t tally_count;
	size_t tally_size;
	uint32_t (*near_last)[2]; /* by near(): last word of either side */
	struct windows *windows;  /* by pattern */
	struct str subject;	  /* what patterns are searched in */
	bool plain;		  /* it is for those of that kind */
	bool full;

	enum dict_place place;
	uint32_t at; /* number of the current word, over all texts */
	uint32_t active[ACTIVE_MAX]; /* trie states after the last word */
	size_t active_count;
	uint32_t same[SAME_MAX]; /* words the current one can be read as */
	size_t same_count;
	struct str word; /* the current one, in `subject` */
	size_t word_end;
};

/* The counts of `term`; NULL where its dictionary does not look, or no room. */
struct tally *counter_tally(struct counter *c, uint32_t term);

/* Words of `c->subject` one after the other; false: there is none left. */
void counter_start_words(struct counter *c);
bool counter_next_word(struct counter *c);
/* An open word stands at [start, end); places come by their end. */
void counter_open_word(
    struct counter *c, uint32_t word, size_t start, size_t end);
/* `word` was met: counts it, and what is near() it. */
void counter_use_word(struct counter *c, uint32_t word);

/* Words around a digit or sign that spell a leet word. */
void counter_leet(struct counter *c, struct str folded);

/* A literal of a pattern stands at [start, end) of `c->subject`. */
void counter_literal(struct counter *c, uint32_t id, size_t start, size_t end);
/* Tries the patterns of one kind where counter_literal() said. */
void counter_match_patterns(struct counter *c);

/* False: no room for the result. */
bool counter_add_up(struct counter *c, struct hits *out);

#endif
