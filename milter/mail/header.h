/*
 * The header fields of one message or MIME part, found by name in one step.
 *
 * Fields keep their order and spelling. Names are compared without ASCII case.
 * The decoded value (unfolded, trimmed, RFC 2047 words and 8-bit text turned
 * into UTF-8) is made when first asked for. Lives in the arena it was parsed
 * into; a table without fields is valid. One thread at a time.
 */
#ifndef POSTERN_MAIL_HEADER_H
#define POSTERN_MAIL_HEADER_H

#include "base/arena.h"

struct header {
	struct str name;     /* as spelled, without blanks before the colon */
	struct str raw;	     /* what follows the colon, folds and \n kept */
	struct str decoded;  /* see header_value() */
	struct header *next; /* same name, further down; NULL at the last */
	struct header *prev; /* same name, further up */
	bool is_decoded;
	bool hidden;   /* X-Spam-*: not shown to rules */
	uint32_t hash; /* header_hash() of the name, where indexed */
};

struct header_slot;

struct header_list {
	struct arena *arena;
	struct header *v; /* in order of appearance */
	size_t len;
	size_t size;
	struct header_slot *slots; /* by name; first and last field */
	size_t slot_count;	   /* a power of two, or 0 */
	uint64_t names[4];	   /* bits of the hashes that are there */
};

void header_list_init(struct header_list *l, struct arena *a);
/* Appends; false when the arena is full. Slices must outlive the list. */
bool header_list_add(struct header_list *l, struct str name, struct str raw);
/* Builds the chains and the name index; call once after the last add. */
bool header_list_index(struct header_list *l);

/* First / last visible field of that name, or NULL; go on with next / prev. */
struct header *header_first(const struct header_list *l, struct str name);
/* The same for who asks many messages for one name: its hash is made once. */
struct header *header_first_hashed(
    const struct header_list *l, struct str name, uint32_t hash);
uint32_t header_hash(struct str name); /* never 0; in any case the same */

/* The word of `names` a hash has its bit in, and that bit. */
#define HEADER_NAMES_WORD(hash) ((hash) >> 1 & 3)
#define HEADER_NAMES_BIT(hash) ((uint64_t)1 << ((hash) >> 3 & 63))

/* False: no field has a name of that hash. */
static inline bool
header_may_have(const struct header_list *l, uint32_t hash)
{
	return l->slots == NULL || (l->names[HEADER_NAMES_WORD(hash)] &
				       HEADER_NAMES_BIT(hash)) != 0;
}

struct header *header_last(const struct header_list *l, struct str name);

/*
 * Decoded value without a final newline. Cached in the field, hence the list's
 * fields are not const.
 */
struct str header_value(const struct header_list *l, struct header *h);

/* Decoded value of the last field of that name; empty when there is none. */
struct str header_get(const struct header_list *l, struct str name);

#endif
