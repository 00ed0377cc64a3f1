/*
 * A pattern while it is read, between the tree*.c files. Not for others.
 *
 * Nothing here fails by itself: parser_fail() is noted and reading goes on to
 * its next look, which finds the end.
 */
#ifndef POSTERN_MATCH_TREE_PARSER_H
#define POSTERN_MATCH_TREE_PARSER_H

#include "match/tree.h"

struct parser {
	const unsigned char *p;
	const unsigned char *end;
	unsigned flags;
	unsigned depth;
	bool failed; /* not understood: the pattern requires nothing */
	bool wide;   /* UTF: the class being read has more than ASCII */
	struct arena *arena;
	struct node spare; /* stands in when the arena is full */
};

bool parser_at_end(const struct parser *ps);
/* The byte `ahead` of the next one, or -1. */
int parser_peek(const struct parser *ps, size_t ahead);
/* Takes `text` if it is next. */
bool parser_take(struct parser *ps, const char *text);
void parser_fail(struct parser *ps);
bool parser_is_utf(const struct parser *ps);

/* Never NULL: without room, a node that nobody will see. */
struct node *parser_node(struct parser *ps, enum node_kind kind);
void node_add_child(struct node *parent, struct node *child);
/* One character of a class, or of any kind when the class is wide. */
struct node *parser_class_node(struct parser *ps, const struct byte_class *c);
/* One character; a byte beyond ASCII begins it in UTF mode. */
struct node *parser_byte_node(struct parser *ps, unsigned byte);

void byte_class_add(struct byte_class *c, unsigned byte);
void byte_class_invert(struct byte_class *c);

/* \d \w \s \h \v and their complements; false: `c` is none of them. */
bool parser_escape_class(struct byte_class *out, int c);
/*
 * An escape that stands for one byte, in a class and outside it; the backslash
 * and `c` are taken. -1: it is something else.
 */
int parser_escaped_byte(struct parser *ps, int c);
/* A class in brackets, whose '[' is taken. */
struct node *parser_class(struct parser *ps);

#endif
