/*
 * Weighted dictionaries: file format, import and overrides (doc/dictionaries.md).
 *
 * Immutable after dict_load(). What a dictionary counts in a message is
 * match/dict_scan.h; this is the words, weights and rules of one file.
 */
#ifndef POSTERN_RULE_DICT_H
#define POSTERN_RULE_DICT_H

#include "base/diag.h"

enum dict_term_type { TERM_WORD, TERM_PHRASE, TERM_NEAR, TERM_REGEX };

enum dict_field {
	DICT_SUBJECT = 1 << 0,
	DICT_TEXT = 1 << 1,
	DICT_HTML = 1 << 2,
	DICT_NAMES = 1 << 3
};

struct dict_term {
	enum dict_term_type type;
	struct str written;	/* as in the file */
	struct str text;	/* folded: word, phrase, first word of near() */
	struct str other;	/* near(): second word, folded */
	uint32_t distance;	/* near(): words between, at most */
	struct regex *regex;	/* TERM_REGEX */
	struct str pattern;
	unsigned regex_flags;
	bool open_left;		/* `*word` */
	bool open_right;	/* `word*` */
	bool leet;		/* digits stand for letters */
	double weight;
	uint32_t cap;		/* most hits that count; 1 by default */
	struct source_pos pos;
};

struct dict {
	struct str name;
	struct str title;
	double threshold;	/* 0 = never refuses by itself */
	struct str symbol;	/* empty: none */
	double factor;
	unsigned fields;	/* enum dict_field */
	uint32_t distinct;	/* fewest different terms */
	bool shadow;
	struct dict_term *terms;
	size_t term_count;
	struct source_pos pos;
	uint8_t version[16];
};

struct dict_set {
	struct dict *v;
	size_t len;
};

/*
 * Reads all *.dict of the given files and directories, with NAME.local.dict
 * beside each applied. `former` (may be NULL): the set in force; a dictionary
 * that is empty or lost over half its entries against it is an error unless
 * `forced`. Bad lines are diags; good entries are kept. Never NULL.
 */
struct dict_set *dict_load(const char *const *paths, size_t count,
    const struct dict_set *former, bool forced, struct diags *diags);
struct dict_set *dict_parse(const char *name, struct str text,
    struct diags *diags);
void dict_free(struct dict_set **set);

enum dict_import_format { DICT_IMPORT_DANSGUARDIAN, DICT_IMPORT_CSV };
/* Converts a foreign list into a dictionary file's text (heap buffer). */
int dict_import(enum dict_import_format format, const char *name,
    struct str text, struct buf *out, struct diags *diags);

/*
 * The folding of dictionary.md (NFKC, case, invisibles, confusables, joined
 * letters) of UTF-8 text, appended to `out`; words separated by single spaces.
 * ASCII takes a path of its own. dict_fold_leet adds digits-for-letters.
 */
void dict_fold(struct str text, struct buf *out);
void dict_fold_leet(struct str text, struct buf *out);
#define DICT_FOLD_VERSION 1

#endif
