/*
 * What one scan works in: regex memory, a folded string, candidate marks and
 * the cost counters it leaves behind. And the pool that lends them.
 *
 * A scratch belongs to one scan at a time; the pool locks itself. Counters are
 * read by others while a scan writes them, hence the relaxed atomics.
 */
#ifndef POSTERN_MATCH_SCRATCH_H
#define POSTERN_MATCH_SCRATCH_H

#include "base/bitset.h"
#include "match/cost.h"
#include "match/dfa.h"
#include "match/plan.h"
#include "match/stages.h"

/* Candidates of one view kept; beyond it every job of the view is tried. */
#define CANDIDATES_MAX ((size_t)1 << 20)
/* Windows kept; what finds no room is not narrowed down. */
#define WINDOWS_MAX ((size_t)1 << 20)

/* Bytes of one string; beyond it all jobs of the view are tried. */
#define TEXT_MAX ((size_t)256 * 1024 * 1024)

/* How far a job's clauses are proved, in which string. */
struct mark {
	uint32_t string; /* mark_string then; 0 = none yet */
	uint32_t seen;	 /* bits */
	uint32_t end;	 /* where clause 0 was seen last */
	uint32_t times;	 /* and at how many places */
	uint32_t first;	 /* window, plus one; 0 = none */
	uint32_t last;	 /* window */
	uint32_t floor;	 /* the last one cannot begin before */
};

struct candidate {
	uint32_t job;
	uint32_t string;
	uint32_t windows; /* the first, plus one; 0 = the whole string */
	uint32_t next;	  /* of the job, while they are sorted */
};

/* The candidates of one job while they are sorted. */
struct thread {
	uint32_t first;
	uint32_t last;
	uint32_t count; /* 0 at all other times */
};

/* How to try a rule that was left open. */
struct open_rule {
	uint32_t job;	/* of the view; or place in a list of the plan */
	uint32_t first; /* candidate */
	uint32_t count; /* of candidates; 0: every string of the view */
	uint8_t view;
};

struct scratch {
	struct regex_scratch *regex;
	struct dfa_reader *dfas;
	struct mark *marks; /* by job of the view being scanned */
	size_t mark_count;
	uint32_t mark_string;	      /* number of the string being searched */
	struct open_rule *open;	      /* by rule index, those of hits.open */
	struct candidate *candidates; /* of all views, one after the other */
	size_t candidate_count;
	size_t candidate_first; /* of the view being scanned */
	size_t candidate_size;
	struct candidate *sorted; /* room for as many */
	struct thread *threads;	  /* by job */
	struct bitset jobs;	  /* with candidates, while they are sorted */
	struct window *windows;	  /* of the candidates and marks */
	size_t window_count;
	size_t window_size;
	bool overflow; /* candidates were dropped: try all */
	char *folded;  /* the string being searched */
	size_t folded_size;
	struct cost cost;
	struct stages stages;
	struct pool *pool;
	struct scratch *next_free;
	struct scratch *next; /* all of this pool */
	struct scratch *previous;
};

/* Room for `size` bytes of a folded string. */
bool scratch_reserve(struct scratch *s, size_t size);

struct pool *pool_new(void);
void pool_free(struct pool **p); /* and every scratch in it */
void pool_rule_cost(struct pool *p, uint32_t rule, struct cost_count *out);

#endif
