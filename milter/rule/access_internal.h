/*
 * The inside of an access set, for the files that fill it and the one that
 * looks things up. Not for other layers.
 *
 * A set is a list of tables, asked in order: all files of ours are the first
 * one, each table of Postfix's is one more, since Postfix says "the first match
 * in this table" and means it.
 */
#ifndef POSTERN_RULE_ACCESS_INTERNAL_H
#define POSTERN_RULE_ACCESS_INTERNAL_H

#include "base/cidr_trie.h"
#include "base/map.h"
#include "base/vec.h"
#include "rule/access.h"

/* Which keys an entry found by name is meant for. */
enum access_form {
	FORM_SELF = 1 << 0, /* the name itself */
	FORM_BELOW = 1 << 1 /* names below it */
};

/* An `if` block an entry stands in. All of them must hold. */
struct access_condition {
	struct access_condition *outer;
	bool negated;
	bool is_net;
	struct cidr net;
	struct regex *regex; /* NULL and not is_net: never holds */
};

struct access_node {
	struct access_entry entry;
	struct access_node *next; /* same key, in file order */
	struct access_node *last; /* of the chain; kept by its first */
	uint32_t order;		  /* in its table */
	unsigned forms;		  /* enum access_form */
	/* The rest is for entries that are tried one by one. */
	bool negated;
	struct str glob; /* lower case; empty: none */
	struct regex *regex;
	bool has_net;
	struct cidr net;
	const struct access_condition *condition;
};

enum access_table_type {
	TABLE_OURS,   /* the most specific entry first; networks before names */
	TABLE_ACCESS, /* access(5): names before networks */
	TABLE_CIDR,   /* cidr_table(5): file order */
	TABLE_PCRE,   /* pcre_table(5): file order */
	TABLE_REGEXP  /* regexp_table(5): the same, with flags of its own */
};

struct access_table {
	enum access_table_type type;
	struct map *names[ACCESS_KIND_COUNT]; /* -> first node of that key */
	struct cidr_trie *nets;		      /* -> first node */
	struct {
		struct access_node **v;
		size_t len, size;
	} tried[ACCESS_KIND_COUNT];
	uint32_t entries;
};

/* One file: how many entries it gave, for the next load. */
struct access_file {
	const char *name;
	size_t entries;
};

struct access_set {
	struct arena memory;
	VEC(struct access_table *) tables;
	VEC(struct access_file) files;
	VEC(struct regex *) regexes; /* to be freed */
	size_t entries;
	size_t patterns;
};

struct access_table *access_table_add(
    struct access_set *set, enum access_table_type type);
/* A copy of `n` in the set's memory, not in any index yet. NULL: set is full
 * (a diag was written). */
struct access_node *access_node_add(struct access_set *set,
    struct access_table *table, const struct access_node *n,
    struct diags *diags);
/* Puts a node where look-ups find it. `name`: lower case, in set memory. */
/* Both give the first node of that key: `n` itself when it is new. */
struct access_node *access_index_name(
    struct access_table *t, struct access_node *n, struct str name);
struct access_node *access_index_net(
    struct access_table *t, struct access_node *n, const struct cidr *net);
void access_index_tried(struct access_table *t, struct access_node *n);

/*
 * Compiles a pattern into the set. NULL: a diag at `pos` says why.
 */
struct regex *access_compile(struct access_set *set, struct str pattern,
    unsigned flags, struct source_pos pos, struct diags *diags);

/* Lower case copy in the set's memory. */
struct str access_lower(struct access_set *set, struct str s);

/* `text` is in the set's memory and outlives it. */
struct access_source {
	struct access_set *set;
	struct access_table *table;
	const char *file;
	struct str text;
	struct diags *diags;
	bool forced;
};

/* A file named by a line of ours, read as a table of Postfix's. */
typedef void access_include(void *context, enum access_kind kind,
    struct str where, struct source_pos pos);

/* rule/access_parse.c */
void access_parse_ours(
    struct access_source *src, access_include *include, void *context);
/* rule/access_postfix.c. False: unknown type. */
bool access_postfix_type(struct str type, enum access_table_type *type_out);
void access_parse_table(struct access_source *src, enum access_kind kind);

#endif
