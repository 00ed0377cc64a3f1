/*
 * Inside of the in-process store, shared by its five files: rep_mem.c (mail
 * path, life), rep_mem_unit.c, rep_mem_state.c, rep_mem_brake.c,
 * rep_mem_admin.c.
 */
#ifndef POSTERN_PEER_REP_MEM_H
#define POSTERN_PEER_REP_MEM_H

#include "base/cidr_trie.h"
#include "base/map.h"
#include "base/vec.h"
#include "peer/brake_table.h"
#include "peer/rep_backend.h"

#include <pthread.h>

struct mem_unit {
	struct rep_unit unit;
	bool counted; /* `unit` holds something */
	struct rep_ledger ledger;
	struct rep_listing *listing;   /* or NULL */
	struct rep_evidence *evidence; /* newest first, or NULL */
	size_t evidence_count;
	uint64_t seq;
	int64_t sampled_ms;
};

struct why {
	struct why *newer;
	uint64_t number; /* rises by one */
	char ref[REP_REF_MAX];
	int64_t at_ms;
	size_t len;
	char json[];
};

struct mem_store {
	struct rep_store base;
	struct rep_journal *journal; /* or NULL: nothing is kept */
	struct brake_table *brakes;  /* has its own lock */
	uint64_t seq;		     /* without a journal */

	pthread_mutex_t units_lock; /* guards all but the saver's */
	struct map *units;	    /* name -> struct mem_unit */
	struct cidr_trie *wide;	    /* admin's networks -> mem_unit */
	struct map *whys;	    /* ref -> struct why */
	struct why *oldest_why;
	struct why *newest_why;
	uint64_t why_number; /* of the next one */
	size_t why_count;
	size_t why_bytes;
	VEC(struct rep_audit) notes;
	uint64_t note_id;
	uint64_t saved_bytes; /* size of the last saved state */
	uint64_t lost;	      /* applied but not journaled */
	bool away;	      /* the journal cannot be written */

	pthread_mutex_t save_lock; /* one save at a time */
	pthread_mutex_t wake_lock;
	pthread_cond_t wake;
	pthread_t saver;
	bool saver_runs;
	bool stop;
};

static inline struct mem_store *
mem_of(struct rep_store *s)
{
	return (struct mem_store *)s;
}

/* ---- rep_mem_unit.c; the caller holds units_lock ------------------------ */
/* NULL: there is none. */
struct mem_unit *rep_mem_find(const struct mem_store *m, const char *name);
/* Made when there is none; room is made when the store is full. */
struct mem_unit *rep_mem_take(struct mem_store *m, const char *name);
void rep_mem_drop(struct mem_store *m, const char *name);
void rep_mem_unit_free(struct mem_unit *u);
/* Has it had its life? */
bool rep_mem_is_stale(const struct mem_unit *u, int64_t now_ms);
/* Replaces the unit's listing. */
void rep_mem_put_listing(struct mem_store *m, const char *name,
    struct mem_unit *u, const struct rep_listing *l);
/* All that speaks about a client at `now_ms`. */
struct rep_known rep_mem_known(
    const struct mem_store *m, const struct ip *ip, int64_t now_ms);
/* Counts an event once: those not after a unit's sequence are known to it. */
void rep_mem_apply_locked(
    struct mem_store *m, const struct rep_event *e, uint64_t seq);
void rep_mem_note_locked(struct mem_store *m, const struct rep_audit *a);
void rep_mem_put_record(
    struct mem_store *m, struct str ref, struct str json, int64_t at_ms);
void rep_mem_drop_record(struct mem_store *m);

/* ---- rep_mem_state.c ---------------------------------------------------- */
void rep_mem_record_of(const struct mem_unit *u, struct rep_record *out);
/* Replaces what the unit holds, but never its sequence by a lower one. */
void rep_mem_set_record(
    struct mem_store *m, const char *name, const struct rep_record *r);
/* Of all units; free with file_list_free(). Returns how many. */
size_t rep_mem_names(struct mem_store *m, char ***out);
/* 0, or an enum err that is in the log. Takes the locks. */
int rep_mem_save(struct mem_store *m);
void rep_mem_load_state(struct mem_store *m);
/* What the journal holds after the state was written. */
void rep_mem_replay(struct mem_store *m);

/* ---- rep_mem_brake.c ---------------------------------------------------- */
void rep_mem_brake(struct rep_store *s, const struct brake_question *q,
    int64_t deadline_us, struct brake_view *out);
/* Makes the table and reads what the last clean end wrote. */
void rep_mem_load_brakes(struct mem_store *m);
void rep_mem_save_brakes(struct mem_store *m);

/* ---- rep_mem_admin.c; as struct rep_store_ops says ---------------------- */
int rep_mem_admin_read(
    struct rep_store *s, const char *unit, struct rep_record *out);
int rep_mem_admin_set_listing(
    struct rep_store *s, const char *unit, const struct rep_listing *l);
int rep_mem_admin_read_brakes(
    struct rep_store *s, const char *unit, struct brake_state *out);
int rep_mem_admin_forget(struct rep_store *s, const char *unit);
int rep_mem_admin_dispute(struct rep_store *s, const char *unit);
int rep_mem_admin_load(
    struct rep_store *s, const char *unit, const struct rep_record *r);
int rep_mem_admin_each(struct rep_store *s, rep_unit_fn *fn, void *ctx);
int rep_mem_admin_each_listed(
    struct rep_store *s, int64_t now_ms, rep_unit_fn *fn, void *ctx);
int rep_mem_admin_top(
    struct rep_store *s, int64_t now_ms, size_t max, rep_top_fn *fn, void *ctx);
int rep_mem_admin_note(struct rep_store *s, const struct rep_audit *a);
int rep_mem_admin_notes(struct rep_store *s, const char *after, size_t max,
    rep_audit_fn *fn, void *ctx);
int rep_mem_admin_why(
    struct rep_store *s, struct str ref, struct buf *json_out);

#endif
