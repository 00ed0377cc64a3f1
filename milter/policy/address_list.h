/*
 * Lists of addresses from the rule files' settings (address_list.def), by name.
 *
 * An entry is an address in which * stands for any text and ? for one byte;
 * case does not matter. It may carry words that vouch for it. A list that no
 * line fills does not exist. Built once with the snapshot, immutable after,
 * shared by threads.
 */
#ifndef POSTERN_POLICY_ADDRESS_LIST_H
#define POSTERN_POLICY_ADDRESS_LIST_H

#include "rule/ruleset.h"

struct address_entry {
	struct str key;	    /* as written, lower case */
	struct str pattern; /* `key`, made safe */
	struct str tail;    /* what any match ends in */
	bool has_wildcards;
	struct str *words; /* what vouches for it, lower case */
	size_t word_count;
	size_t word_size;
};

struct address_list {
	struct address_entry **entries;
	size_t len;
	size_t wildcards; /* entries[0 .. wildcards) have some */
	struct map *by_key;
};

struct address_lists;

struct address_lists *address_lists_new(const struct ruleset *rs);
void address_lists_free(struct address_lists **l);

/* NULL: there is no list of that name. */
const struct address_list *address_lists_find(
    const struct address_lists *l, struct str name);

/* `address` is in lower case. `list` may be NULL: nothing is on it. */
bool address_list_has(const struct address_list *list, struct str address);
bool address_entry_fits(const struct address_entry *e, struct str address);

/* All of `s` is `pattern`; * and ? do not take a newline. */
bool address_glob(struct str pattern, struct str s);

/* A copy in lower case; from an arena without a cap. */
struct str address_lower(struct arena *a, struct str s);

/* "(NAME) words" in *value: cuts the name off; empty: there is none. */
struct str address_take_name(struct str *value);

#endif
