/*
 * Any bytes as text: the fold is UTF-8, its words are too, and a small arena
 * cuts it without harm.
 */
#include "base/clean.h"
#include "base/mem.h"
#include "rule/dict_fold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_words(struct str folded)
{
	struct str word;
	struct buf class;
	size_t pos = 0;

	buf_init(&class);
	while (fold_next_word(folded, &pos, &word)) {
		invariant(word.len > 0 && utf8_valid(word));
		buf_clear(&class);
		leet_class(word, &class);
		invariant(class.len == word.len && leet_spells(word, word));
	}
	buf_fini(&class);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_make((const char *)data, size);
	struct arena a;
	struct buf out;

	buf_init(&out);
	dict_fold(text, &out);
	invariant(utf8_valid(buf_str(&out)));
	check_words(buf_str(&out));
	buf_clear(&out);
	dict_fold_plain(text, &out);
	invariant(utf8_valid(buf_str(&out)));
	check_words(buf_str(&out));
	buf_fini(&out);
	arena_init(&a, size / 2 + 16);
	buf_init_arena(&out, &a);
	dict_fold(text, &out);
	arena_fini(&a);
	return 0;
}
