/*
 * The in-process store's brakes: units under one lock, bounded, kept in a file
 * over a restart (written when the store closes: what a crash loses makes a
 * sender wait once more).
 */
#ifndef POSTERN_PEER_BRAKE_TABLE_H
#define POSTERN_PEER_BRAKE_TABLE_H

#include "peer/brake.h"

struct brake_table;

/* At most `max` units; the longest quiet ones go first. Any thread. */
struct brake_table *brake_table_new(size_t max);
void brake_table_free(struct brake_table **t);
void brake_table_ask(struct brake_table *t, struct str unit,
    const struct brake_question *q, struct brake_view *out);
/* False: nothing is kept of it. */
bool brake_table_state(
    struct brake_table *t, struct str unit, struct brake_state *out);
/* False: nothing was kept of it. */
bool brake_table_forget(struct brake_table *t, struct str unit);
size_t brake_table_count(struct brake_table *t);

/* One line a pair or unit; read back by brake_table_read(). */
void brake_table_write(struct brake_table *t, struct buf *out);
/* Lines that are none are left out. */
void brake_table_read(struct brake_table *t, struct str text);

#endif
