#include "base/ref.h"

#include "tap.h"

static void
shape(void)
{
	char text[REF_TEXT_MAX], again[REF_TEXT_MAX], first[REF_TEXT_MAX];

	ref_new(text);
	is_int(strlen(text), 10, "nine characters and a dash");
	ok(text[4] == '-', "the dash stands after the fourth");
	ok(str_span(str_from(text), "-0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 10,
	    "only letters that cannot be misread");
	ok(ref_parse(str_from(text), again) && strcmp(text, again) == 0,
	    "what is written is read");
	ref_new(first);
	ok(strcmp(first, text) != 0, "no two are alike");
	ref_from_bits(0, text);
	ref_from_bits((uint64_t)1 << 40, again);
	ok(strcmp(text, again) == 0, "bits above the fortieth do not count");
	ref_from_bits((uint64_t)1 << 39, again);
	ok(strcmp(text, again) != 0, "the fortieth does");
}

static void
input(void)
{
	char canon[REF_TEXT_MAX], got[REF_TEXT_MAX];
	char lower[32], digits[32];

	ref_from_bits(0x0001020304, canon); /* holds 0s and 1s */
	for (size_t i = 0; i <= strlen(canon); i++)
		lower[i] = ascii_lower(canon[i]);
	ok(ref_parse(str_from(lower), got) && strcmp(got, canon) == 0,
	    "lower case is read");
	snprintf(digits, sizeof(digits), " %.4s%s\n", canon, canon + 5);
	ok(ref_parse(str_from(digits), got) && strcmp(got, canon) == 0,
	    "blanks around and a missing dash do not matter");
	for (char *p = digits; *p != '\0'; p++)
		*p = *p == '0' ? 'o' : *p == '1' ? 'L' : *p;
	ok(ref_parse(str_from(digits), got) && strcmp(got, canon) == 0,
	    "O is read as 0 and L as 1");
	ok(!ref_parse(STR(""), got), "nothing is no reference");
	ok(!ref_parse(STR("----------"), got), "dashes are no reference");
	ok(!ref_parse(str_head(str_from(canon), 9), got), "one too few");
	snprintf(digits, sizeof(digits), "%s0", canon);
	ok(!ref_parse(str_from(digits), got), "one too many");
	snprintf(digits, sizeof(digits), "%.4s-U%s", canon, canon + 6);
	ok(!ref_parse(str_from(digits), got), "U is in no reference");
	ok(!ref_parse(str_make(canon, 10 + 1), got), "nor is NUL");
}

/* Every single substitution and every swap of neighbours is found. */
static void
misreading(void)
{
	static const char set[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char canon[REF_TEXT_MAX], text[REF_TEXT_MAX], got[REF_TEXT_MAX];
	int wrong = 0, swaps = 0;

	for (uint64_t round = 0; round < 200; round++) {
		ref_from_bits(round * 0x9e3779b97f4a7c15, canon);
		for (size_t i = 0; i < 10; i++) {
			for (size_t k = 0; i != 4 && k < 32; k++) {
				memcpy(text, canon, sizeof(text));
				text[i] = set[k];
				wrong += set[k] != canon[i] &&
					 ref_parse(str_from(text), got);
			}
		}
		for (size_t i = 0; i < 9; i++) {
			size_t next = i == 3 ? 5 : i + 1;

			memcpy(text, canon, sizeof(text));
			if (i == 4 || text[i] == text[next])
				continue;
			text[i] = canon[next];
			text[next] = canon[i];
			swaps += ref_parse(str_from(text), got);
		}
	}
	is_int(wrong, 0, "no single wrong character passes");
	is_int(swaps, 0, "no two swapped neighbours pass");
}

int
main(void)
{
	shape();
	input();
	misreading();
	return done_testing();
}
