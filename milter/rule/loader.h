/*
 * What the steps of loading share: reader, parser, finisher. Private to rule/.
 *
 * A draft collects everything said about one name, in any order; the finisher
 * turns defined drafts into the frozen array. One thread; gone after the load.
 */
#ifndef POSTERN_RULE_LOADER_H
#define POSTERN_RULE_LOADER_H

#include "base/vec.h"
#include "rule/keyword.h"
#include "rule/plugin.h"
#include "rule/replace.h"
#include "rule/ruleset.h"

struct draft {
	struct rule rule;
	bool defined;	 /* some line gave it a type */
	bool listed;	 /* in loader.defined */
	bool mimeheader; /* once a mimeheader, see parse_mimeheader */
	struct arena *scratch;
};

struct open_if {
	struct str text; /* the condition */
	bool skipping;	 /* state outside the block */
	struct source_pos pos;
};

/* A line, comment cut and trimmed; key lower case with `_`. */
struct line {
	struct source_pos pos;
	struct str text;
	struct str key;
	struct str value;
};

struct loader {
	struct ruleset *rs;
	struct arena *arena;  /* rs->arena */
	struct arena scratch; /* of one step */
	const struct ruleset_options *options;
	struct diags *diags;
	const char *lang;
	struct plugins plugins;
	struct replace_tags tags;
	struct map *replace_rules;   /* name -> anything */
	struct map *drafts;	     /* name -> struct draft */
	VEC(struct draft *) defined; /* in order of definition */
	VEC(struct rule_setting) settings;
	VEC(struct rule_test) tests;
	VEC(struct open_if) ifs;
	bool skipping;
	struct map *conditions; /* text -> what it was worth first */
	struct map *noted;	/* keywords named once */
	struct map *files;	/* paths read */
	unsigned include_depth;
	uint64_t digest[2];
};

/* source.c: reads files and text, line by line, into parse_line(). */
void source_read_path(struct loader *l, const char *path);
void source_read_text(struct loader *l, const char *name, struct str text);

/* parse.c: one line outside skipped blocks, conditions and includes done. */
void parse_line(struct loader *l, const struct line *line);

/* finish.c: defaults, metas, priorities, tags, patterns; fills the ruleset. */
void finish_ruleset(struct loader *l);

/* loader.c */
struct draft *loader_draft(struct loader *l, struct str name);
/* An error at byte `at` of the line (STR_NPOS: the whole line). */
void loader_error(struct loader *l, const struct line *line, size_t at,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void loader_warn(struct loader *l, const struct line *line, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
/* Position of byte `p`, which points into line->text. */
size_t loader_offset(const struct line *line, const char *p);

#endif
