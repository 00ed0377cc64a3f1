#include "rule/dict_fold.h"

#include "base/unicode.h"

/* Fewest letters in a row that are read as one word. */
#define JOIN_MIN 3
/* `v  i  a`: the widest gap that is still a separator. */
#define JOIN_GAP_MAX 3

/* ---- classes of characters ---------------------------------------------- */

#define LETTER UNICODE_LETTER
#define DIGIT UNICODE_DIGIT
#define SPACE UNICODE_SPACE

static const unsigned char ascii_class[128] = {
    ['\t'] = SPACE,
    ['\n'] = SPACE,
    ['\v'] = SPACE,
    ['\f'] = SPACE,
    ['\r'] = SPACE,
    [' '] = SPACE,
    ['0' ... '9'] = DIGIT,
    ['A' ... 'Z'] = LETTER,
    ['a' ... 'z'] = LETTER,
};

/* What a byte tells of the character it begins. */
enum byte_kind { BYTE_GAP, BYTE_WORD, BYTE_WIDE };

static const unsigned char byte_kind[256] = {
    ['0' ... '9'] = BYTE_WORD,
    ['A' ... 'Z'] = BYTE_WORD,
    ['a' ... 'z'] = BYTE_WORD,
    [0x80 ... 0xff] = BYTE_WIDE,
};

static inline bool
is_ascii_word(char c)
{
	return byte_kind[(unsigned char)c] == BYTE_WORD;
}

static inline bool
is_ascii_gap(char c)
{
	return byte_kind[(unsigned char)c] == BYTE_GAP;
}

/* Class and byte length of the character at `i`. */
static inline enum unicode_class
class_at(struct str s, size_t i, size_t *len_out)
{
	unsigned char c = (unsigned char)s.p[i];
	uint32_t code;

	*len_out = 1;
	if (c < 0x80)
		return (enum unicode_class)ascii_class[c];
	c = (unsigned char)unicode_decode(str_skip(s, i), &code);
	if (c == 0)
		return UNICODE_OTHER;
	*len_out = c;
	return unicode_class(code);
}

static inline bool in_word(enum unicode_class class)
{
	return class == UNICODE_LETTER || class == UNICODE_DIGIT ||
	       class == UNICODE_MARK;
}

/* ---- joining letters ---------------------------------------------------- */

/* What stood between two words: one character, repeated. */
struct gap {
	char sign;
	unsigned count;
	bool mixed;
};

/* Letters standing alone in `out`, so far. */
struct run {
	size_t start;
	size_t end;
	unsigned count;
	unsigned letters;
	struct gap gap;
};

struct joiner {
	struct buf *out;
	size_t base; /* where our text starts in `out` */
	struct run run;
	struct gap gap;	     /* since the last word */
	size_t word_start;   /* in `out` */
	unsigned word_chars; /* 0: not in a word */
	bool word_letter;
};

static bool
gap_joins(const struct gap *g)
{
	return !g->mixed && g->count > 0 && g->count <= JOIN_GAP_MAX &&
	       strchr(" .-_*/|,~", g->sign) != NULL;
}

static bool
gap_equal(const struct gap *a, const struct gap *b)
{
	return a->sign == b->sign && a->count == b->count;
}

/* Takes the separators out of a finished run; what follows it moves up. */
static void
end_run(struct joiner *j)
{
	struct run *r = &j->run;
	char *p = j->out->p;
	size_t to = r->start;

	if (r->count >= JOIN_MIN && r->letters * 2 > r->count) {
		struct str all = str_make(p, r->end);

		for (size_t i = r->start, n; i < r->end; i += n) {
			bool keep = in_word(class_at(all, i, &n));

			if (keep)
				memmove(p + to, p + i, n);
			to += keep ? n : 0;
		}
		memmove(p + to, p + r->end, j->out->len - r->end);
		j->out->len -= r->end - to;
	}
	*r = (struct run){0};
}

/* A word that is one character long joins the run or starts a new one. */
static void
end_word(struct joiner *j)
{
	struct run *r = &j->run;
	unsigned chars = j->word_chars;

	j->word_chars = 0;
	if (chars == 1 && r->count > 0 && gap_joins(&j->gap) &&
	    (r->count == 1 || gap_equal(&r->gap, &j->gap))) {
		r->gap = j->gap;
		r->count++;
		r->letters += j->word_letter;
		r->end = j->out->len;
	} else {
		size_t word = j->out->len - j->word_start;

		end_run(j);
		if (chars == 1)
			*r = (struct run){.start = j->out->len - word,
			    .end = j->out->len,
			    .count = 1,
			    .letters = j->word_letter};
	}
	j->gap = (struct gap){0};
}

/* Folding never makes text longer here: join() has reserved the room. */
static inline void
put(struct joiner *j, const char *p, size_t n)
{
	memcpy(j->out->p + j->out->len, p, n);
	j->out->len += n;
}

static void
add_gap(struct joiner *j, struct str sign, bool space)
{
	struct gap *g = &j->gap;
	char c = space ? ' ' : sign.p[0];

	if (j->word_chars > 0)
		end_word(j);
	g->mixed |= sign.len > 1 || (g->count > 0 && g->sign != c);
	g->sign = c;
	g->count++;
	if (!space)
		put(j, sign.p, sign.len);
	else if (j->out->len > j->base && j->out->p[j->out->len - 1] != ' ')
		put(j, " ", 1);
}

static void
add_letter(struct joiner *j, struct str character, enum unicode_class class)
{
	if (j->word_chars == 0) {
		j->word_start = j->out->len;
		j->word_letter = class == UNICODE_LETTER;
	}
	/* A mark belongs to its letter, and makes no second one of it. */
	j->word_chars += class != UNICODE_MARK || j->word_chars == 0;
	put(j, character.p, character.len);
}

/* All ASCII letters and digits from `i` on; how many. */
static size_t
add_ascii_letters(struct joiner *j, struct str text, size_t i)
{
	size_t n = i;

	while (n < text.len && is_ascii_word(text.p[n]))
		n++;
	if (n == i)
		return 0;
	if (j->word_chars == 0) {
		j->word_start = j->out->len;
		j->word_letter = !ascii_is_digit(text.p[i]);
	}
	j->word_chars += (unsigned)(n - i);
	put(j, text.p + i, n - i);
	return n - i;
}

/*
 * A word of several letters and one space with a word behind it: nothing to
 * join, and what most of a text is. How many bytes were taken.
 */
static size_t
add_plain_words(struct joiner *j, struct str text, size_t i)
{
	size_t from = i;

	if (j->word_chars > 0 || j->run.count > 0)
		return 0;
	for (;;) {
		size_t n = i;

		while (n < text.len && is_ascii_word(text.p[n]))
			n++;
		if (n - i < 2 || n + 1 >= text.len || text.p[n] != ' ' ||
		    !is_ascii_word(text.p[n + 1]))
			break;
		i = n + 1;
	}
	if (i == from)
		return 0;
	put(j, text.p + from, i - from);
	j->gap = (struct gap){.sign = ' ', .count = 1};
	return i - from;
}

/* ---- folding ------------------------------------------------------------ */

/* Collapses white space and joins letters of text whose characters are done. */
static void
join(struct str text, struct buf *out)
{
	struct joiner j = {.out = out, .base = out->len};

	if (!buf_reserve(out, text.len))
		return;
	for (size_t i = 0, n; i < text.len; i += n) {
		enum unicode_class class;
		struct str character;

		i += add_plain_words(&j, text, i);
		i += add_ascii_letters(&j, text, i);
		if (i == text.len)
			break;
		class = class_at(text, i, &n);
		character = str_make(text.p + i, n);
		if (in_word(class))
			add_letter(&j, character, class);
		else
			add_gap(&j, character, class == UNICODE_SPACE);
	}
	if (j.word_chars > 0)
		end_word(&j);
	end_run(&j);
	while (out->len > j.base && out->p[out->len - 1] == ' ')
		out->len--;
}

static void
fold(struct str text, struct buf *out,
    void (*characters)(struct str, struct buf *))
{
	struct buf folded;

	if (out->arena != NULL)
		buf_init_arena(&folded, out->arena);
	else
		buf_init(&folded);
	characters(text, &folded);
	join(buf_str(&folded), out);
	out->failed |= folded.failed;
	buf_fini(&folded);
}

void
dict_fold(struct str text, struct buf *out)
{
	fold(text, out, unicode_fold);
}

void
dict_fold_plain(struct str text, struct buf *out)
{
	fold(text, out, unicode_fold_plain);
}

/* ---- words -------------------------------------------------------------- */

bool
fold_next_word(struct str s, size_t *pos, struct str *word_out)
{
	size_t i = *pos, n = 0, start;
	enum unicode_class class = UNICODE_OTHER;

	for (; i < s.len; i += n) {
		while (i < s.len && is_ascii_gap(s.p[i]))
			i++;
		if (i == s.len)
			return false;
		class = class_at(s, i, &n);
		if (in_word(class) || class == UNICODE_IDEOGRAPH)
			break;
	}
	start = i;
	if (i >= s.len)
		return false;
	i += n;
	while (class != UNICODE_IDEOGRAPH) {
		while (i < s.len && is_ascii_word(s.p[i]))
			i++;
		if (i == s.len || is_ascii_gap(s.p[i]) ||
		    !in_word(class_at(s, i, &n)))
			break;
		i += n;
	}
	*word_out = str_make(s.p + start, i - start);
	*pos = i;
	return true;
}

/* ---- digits for letters ------------------------------------------------- */

/*
 * What a character may stand for, besides itself. `l` stands for `i` in the
 * class only: 1, ! and | are written for both.
 */
static const struct {
	char sign;
	char letter;
	char also;
} leet[] = {
    {'0', 'o', 0},
    {'1', 'i', 'l'},
    {'2', 'z', 0},
    {'3', 'e', 0},
    {'4', 'a', 0},
    {'5', 's', 0},
    {'6', 'g', 0},
    {'7', 't', 0},
    {'8', 'b', 0},
    {'9', 'g', 0},
    {'@', 'a', 0},
    {'$', 's', 0},
    {'!', 'i', 'l'},
    {'|', 'i', 'l'},
    {'+', 't', 0},
};

static size_t
leet_find(char c)
{
	size_t i = 0;

	while (i < sizeof(leet) / sizeof(leet[0]) && leet[i].sign != c)
		i++;
	return i;
}

void
leet_class(struct str word, struct buf *out)
{
	for (size_t i = 0; i < word.len; i++) {
		char c = word.p[i];

		if (!ascii_is_alpha(c) && (unsigned char)c < 0x80) {
			size_t at = leet_find(c);

			if (at < sizeof(leet) / sizeof(leet[0]))
				c = leet[at].letter;
		}
		buf_add_char(out, c == 'l' ? 'i' : c);
	}
}

bool
leet_spells(struct str text, struct str word)
{
	if (text.len != word.len)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		size_t at;

		if (text.p[i] == word.p[i])
			continue;
		at = leet_find(text.p[i]);
		if (at == sizeof(leet) / sizeof(leet[0]) ||
		    (leet[at].letter != word.p[i] &&
			leet[at].also != word.p[i]))
			return false;
	}
	return true;
}
