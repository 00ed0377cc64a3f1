#include "base/ref.h"

#include "base/random.h"

#define DATA_CHARS (REF_CHARS - 1)
#define DASH_AFTER 4
/* Blanks and dashes people add are skipped; more than this is no reference. */
#define INPUT_MAX ((size_t)32)

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Times x in GF(32), x^5 = x^2 + 1. */
static unsigned
field_double(unsigned v)
{
	v <<= 1;
	return v & 32 ? v ^ 0x25 : v;
}

/*
 * The digits as a polynomial at x: a change of one digit changes it, and so
 * does a swap of neighbours, since x^i + x^(i+1) is never zero.
 */
static unsigned
check_digit(const unsigned *digit)
{
	unsigned sum = 0;

	for (int i = 0; i < DATA_CHARS; i++)
		sum = field_double(sum ^ digit[i]);
	return sum;
}

static void
write_digits(const unsigned *digit, char *text)
{
	for (int i = 0; i < DATA_CHARS; i++) {
		if (i == DASH_AFTER)
			*text++ = '-';
		*text++ = alphabet[digit[i]];
	}
	*text++ = alphabet[check_digit(digit)];
	*text = '\0';
}

void
ref_from_bits(uint64_t bits, char text[static REF_TEXT_MAX])
{
	unsigned digit[DATA_CHARS];

	for (int i = DATA_CHARS - 1; i >= 0; i--, bits >>= 5)
		digit[i] = bits & 31;
	write_digits(digit, text);
}

void
ref_new(char text[static REF_TEXT_MAX])
{
	ref_from_bits(random_u64(), text);
}

static int
digit_value(char c)
{
	const char *at;

	c = ascii_upper(c);
	if (c == 'I' || c == 'L')
		c = '1';
	if (c == 'O')
		c = '0';
	at = c == '\0' ? NULL : strchr(alphabet, c);
	return at == NULL ? -1 : (int)(at - alphabet);
}

bool
ref_parse(struct str s, char text[static REF_TEXT_MAX])
{
	unsigned digit[REF_CHARS];
	size_t n = 0;

	s = str_trim(s);
	if (s.len > INPUT_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int v = digit_value(s.p[i]);

		if (s.p[i] == '-')
			continue;
		if (v < 0 || n == REF_CHARS)
			return false;
		digit[n++] = (unsigned)v;
	}
	if (n != REF_CHARS || check_digit(digit) != digit[DATA_CHARS])
		return false;
	write_digits(digit, text);
	return true;
}
