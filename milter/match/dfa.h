/*
 * Can a pattern match in a string at all, and where would that begin? Answered
 * by a deterministic automaton of its nfa, of which only the states that texts
 * have led to are built.
 *
 * A step costs a few instructions a byte where PCRE2 would try hundreds of
 * alternatives at each. States are kept from message to message and shared by
 * all threads, in bounded memory. Nothing waits: when a state is missing while
 * another thread builds one, when a text asks for too many, or there is no
 * room, the answer is "maybe", and nowhere in particular. So time stays linear,
 * and whatever came before, "no" is always true.
 */
#ifndef POSTERN_MATCH_DFA_H
#define POSTERN_MATCH_DFA_H

#include "base/regex.h"
#include "match/nfa.h"
#include "match/trial.h"

/* Bytes of states of one pattern, and of all patterns of a set. */
#define DFA_MEMORY_MAX ((size_t)1024 * 1024)
#define DFA_SET_MEMORY_MAX ((size_t)24 * 1024 * 1024)
/* Steps of the nfa taken to build states for one string. */
#define DFA_WORK_MAX ((size_t)200000)

struct dfa;
struct dfa_set;
struct dfa_reader;

/* Offsets where a match may begin, in order, not overlapping. */
struct window {
	uint32_t from;
	uint32_t to;   /* the last one */
	uint32_t next; /* number of the next, plus one; 0 = none */
};

/* `memory`: bytes of states of all its members together. */
struct dfa_set *dfa_set_new(size_t memory);
void dfa_set_free(struct dfa_set **s); /* and its members */
/* NULL: the pattern is too large, or may match the empty string. */
struct dfa *dfa_add(struct dfa_set *s, const struct node *tree);
/* Bytes of states built so far. */
size_t dfa_set_used(const struct dfa_set *s);

/*
 * One thread's view of a set whose members are all added; freed before the set.
 * Asking them writes nothing that others look at.
 */
struct dfa_reader *dfa_reader_new(struct dfa_set *s);
void dfa_reader_free(struct dfa_reader **r);
/* What tables the set has from here on is not freed until the end, or until the
 * next begin. Members are only asked between both. */
void dfa_reader_begin(struct dfa_reader *r);
void dfa_reader_end(struct dfa_reader *r);

/* Is it faster not to ask (way 1)? The reader's own trial of that. */
struct trial *dfa_trial(struct dfa_reader *r, const struct dfa *d);
/*
 * The next places where a match may begin, none of them in front of
 * where->start, and all in windows: `*window` is the number of the first one in
 * `windows` to look at, plus one, 0 when none is left; NULL: everywhere. False:
 * there are none. Else [where->start, where->end] has them, the end included,
 * and behind that end more may follow. Any thread whose reader has begun.
 *
 * Where no match is under way, all that begins further in front has come to
 * nothing: it would be at one of the automaton's states. So the places begin
 * where that was so last, and end in front of where something has come to the
 * pattern's end: what begins behind is not known yet. This is of where a match
 * begins, whatever it looks at, and of the whole text: only a pattern that
 * depends on where the search began (\G) is not to be asked.
 */
bool dfa_next(struct dfa *d, struct str text, const struct window *windows,
    uint32_t *window, struct regex_span *where);
/* The same by the windows alone, as when no automaton can be asked. */
bool dfa_next_window(struct str text, const struct window *windows,
    uint32_t *window, struct regex_span *where);

#endif
