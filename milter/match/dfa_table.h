/*
 * The states of one automaton and where they lead: built as texts ask for them,
 * shared by all threads. Private to match/dfa.c and match/dfa_table.c.
 *
 * A state is the set of steps that wait for a byte, without those of the start,
 * which always wait: a match may begin anywhere. State 0 has no steps of its
 * own: no match is under way.
 */
#ifndef POSTERN_MATCH_DFA_TABLE_H
#define POSTERN_MATCH_DFA_TABLE_H

#include "base/vec.h"
#include "match/dfa.h"
#include "match/hot_choice.h"
#include "match/nfa_walk.h"
#include "match/starts.h"

#include <pthread.h>

#define STATE_NONE ((uint32_t)UINT16_MAX) /* not built */
#define STATE_MATCH (STATE_NONE - 1)	  /* the pattern's end is reached */
#define STATE_SPECIAL STATE_MATCH	  /* these and above have no row */

#define TABLE_BUCKETS 1024

/* The steps of a state, in order. */
struct set {
	uint32_t first; /* in members */
	uint32_t count;
	uint32_t next; /* number of a state of the same hash, plus one */
};

/*
 * States and transitions, of which readers need the rows only. When there is
 * no room for a further state a larger table takes the place of this one, with
 * its states; when it cannot be larger, the other begins anew.
 */
struct table {
	/* By state and group of bytes; never moves; the last of a row: text
	 * ends here? */
	uint16_t *row;
	size_t width; /* of a row */
	size_t max;
	VEC(struct set) sets;
	VEC(uint16_t) members;
	uint32_t
	    buckets[TABLE_BUCKETS];   /* by hash: number of a state, plus one */
	uint32_t begin[BEFORE_COUNT]; /* states */
	struct hot_choice choice;
	size_t used;	    /* bytes, as counted in the set */
	struct table *next; /* former ones, the latest first */
	uint64_t retired;   /* the set's time then */
};

/* One set of steps under construction. */
struct maker {
	struct nfa_walk walk; /* its work is of this text */
	uint64_t *bits;	      /* by step; all zero but for sorting */
	uint8_t *latest; /* by place in the nfa's tail: copy, plus one; or 0 */
};

struct dfa {
	struct dfa_set *set;
	struct nfa *nfa;
	struct starts *starts;		 /* NULL: everywhere */
	struct table *current;		 /* atomic; NULL until first used */
	uint32_t number;		 /* in the set */
	pthread_mutex_t guards_building; /* all below; never waited for */
	struct table *former;		 /* may have readers still */
	struct maker maker;
	uint16_t *start; /* steps that always wait */
	size_t start_count;
	bool *is_start; /* by step: of the start, and nothing else */
	bool start_ends;
	bool anchored; /* a match begins at the text's start or nowhere */
};

struct dfa_set {
	VEC(struct dfa *) v;
	size_t memory;
	size_t used;   /* atomic */
	uint64_t time; /* atomic; goes on when a table is retired */
	pthread_mutex_t guards_readers;
	struct dfa_reader *readers;
};

struct dfa_reader {
	struct dfa_set *set;
	struct dfa_reader *next;
	struct dfa_reader *previous;
	uint64_t since; /* atomic; the time it began; 0: it sees no table */
	struct trial *trials; /* by member */
};

/* One text on its way through. */
struct passage {
	struct dfa *dfa;
	struct table *table;
	size_t work;
};

/* Can parts of a text be run through side by side? */
static inline bool
dfa_has_lanes(const struct dfa *d)
{
	return d->starts == NULL && !d->anchored;
}

/* The current table; the first text makes the first one. NULL: there is none.
 */
struct table *table_open(struct dfa *d);
void table_free(struct dfa *d, struct table *t);
/*
 * Where `state` goes with `byte`, which its row does not know; STATE_NONE: that
 * is not to be known now. The reader may have another table then.
 */
uint32_t table_build(struct passage *r, uint32_t state, unsigned byte);
/* Enough was seen of where texts go: what follows from it. */
void table_settle(struct dfa *d, struct table *t);

#endif
