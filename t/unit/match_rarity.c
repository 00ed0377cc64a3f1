/*
 * What a text is worth as something to look for: less than its letters if it is
 * a word that mail is full of, or a part of one.
 */
#include "match/rarity.h"

#include "base/str.h"
#include "tap.h"

#define EACH 7 /* bits of every byte here */

static unsigned
bits_of(const char *text)
{
	unsigned each[16];

	for (size_t i = 0; i < 16; i++)
		each[i] = EACH;
	return rarity_text_bits(text, each, (unsigned)strlen(text));
}

int
main(void)
{
	/* From the whole alphabet, as words are found by their first byte. */
	static const char *const common[] = {" ip=", " rdns=", "&nbsp;", ".com",
	    ".org", "<a href=", "<td", "age", "border", "click", "com", "email",
	    "font", "get", "http://", "information", "list", "mail", "not",
	    "out", "port", "received:", "span", "the", "use", "with", "www.",
	    "your"};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		ok(bits_of(common[i]) <= 11, "%s is common", common[i]);
	is_int(bits_of("qzxj"), 4 * EACH, "others are worth all letters");
	is_int(bits_of("t"), EACH, "a letter is worth itself");
	is_int(bits_of("ht"), 2 * EACH, "two letters tell of no word");
	is_int(bits_of("qyou"), EACH + bits_of("you"), "what is before a word");
	is_int(bits_of("youq"), EACH + bits_of("you"), "and behind it");
	is_int(bits_of("mailyou"), bits_of("mail") + bits_of("you"),
	    "words behind one another");
	is_int(bits_of("http:"), bits_of("http://"), "a word's beginning");
	is_int(bits_of("informationqzxjq"), bits_of("information") + 5 * EACH,
	    "sixteen bytes");
	is_int(bits_of(""), 0, "nothing is worth nothing");
	is_int(rarity_bits(1), 0, "what is everywhere, too");
	return done_testing();
}
