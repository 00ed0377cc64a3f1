/*
 * Weighted dictionaries: file format, overrides and import
 * (doc/dictionaries.md).
 *
 * Immutable after dict_load(); any thread may read. What a dictionary counts in
 * a message is match/dict_scan.h; this is the words, weights and settings of
 * each file. Everything of a set lives in the set.
 */
#ifndef POSTERN_RULE_DICT_H
#define POSTERN_RULE_DICT_H

#include "base/diag.h"
#include "base/regex.h"

enum dict_term_type { TERM_WORD, TERM_PHRASE, TERM_NEAR, TERM_REGEX };

enum dict_field {
	DICT_SUBJECT = 1 << 0,
	DICT_TEXT = 1 << 1,
	DICT_HTML = 1 << 2,
	DICT_NAMES = 1 << 3
};

/* Limits of what a file may hold; one more is an error at its line. */
#define DICT_FILE_MAX ((size_t)16 * 1024 * 1024)
#define DICT_TERMS_MAX 200000 /* entries of one dictionary */
#define DICT_TERM_MAX 256     /* bytes of one term as written */
#define DICT_WORDS_MAX 16     /* words of one phrase */
#define DICT_NEAR_MAX 100     /* words apart */
#define DICT_CAP_MAX 1000000
#define DICT_WEIGHT_MAX 1000000.0
#define DICT_DISTINCT_MAX 10000
#define DICT_REGEX_MAX 1000 /* regular expressions of one dictionary */
#define DICT_TITLE_MAX 80
#define DICT_NAME_MAX 64
#define DICT_SETS_MAX 256 /* dictionaries of a set */

/* One word of a term, folded. `*` before or after it leaves that side open. */
struct dict_word {
	struct str text;
	bool open_left;
	bool open_right;
};

struct dict_term {
	enum dict_term_type type;
	struct str written;	 /* as in the file, without weight and flags */
	struct dict_word *words; /* 1, n, 2; none for TERM_REGEX */
	size_t word_count;
	uint32_t distance;   /* near(): the words are at most so far apart */
	struct regex *regex; /* TERM_REGEX: matched against folded text */
	struct str pattern;  /* what the regex was made from, its flags */
	unsigned regex_flags;
	bool regex_plain; /* letters of it keep their script */
	bool leet;	  /* digits stand for letters */
	double weight;
	uint32_t cap; /* most hits that count; 1 by default */
	struct source_pos pos;
};

struct dict {
	struct str name;
	struct str title;  /* printable ASCII */
	double threshold;  /* 0 = never refuses by itself */
	struct str symbol; /* empty: none */
	double factor;
	unsigned fields;   /* enum dict_field */
	uint32_t distinct; /* fewest different terms of positive weight */
	bool shadow;
	struct dict_term *terms;
	size_t term_count;
	struct source_pos pos;
	uint8_t version[16]; /* of text, override and folding */
};

struct dict_set {
	struct dict *v;
	size_t len;
	struct arena memory; /* everything the dictionaries point to */
};

/*
 * Reads all *.dict of the given files and directories (anything else in the
 * list is somebody else's), with NAME.local.dict beside each applied. `former`
 * (may be NULL): the set in force; a dictionary that is empty, or has lost more
 * than half its entries against it, is an error unless `forced`. Bad lines are
 * diags; good entries are kept. Never NULL. Blocks on files.
 */
struct dict_set *dict_load(const char *const *paths, size_t count,
    const struct dict_set *former, bool forced, struct diags *diags);
/* One dictionary from memory, `name` standing for its file. Never NULL. */
struct dict_set *dict_parse(
    const char *name, struct str text, struct diags *diags);
/* The same with the text of its override applied. */
struct dict_set *dict_parse_with(const char *name, struct str text,
    const char *override_name, struct str override, struct diags *diags);
void dict_free(struct dict_set **set);

const struct dict *dict_find(const struct dict_set *set, struct str name);
const char *dict_term_type_text(enum dict_term_type type);

#endif
