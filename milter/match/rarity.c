#include "match/rarity.h"

#include <math.h>
#include <string.h>

#define TEXT_MAX 16
#define PART_MIN 3 /* bytes of a word by which it is told */

/* A word is met in 2^-bits of all places of the texts it is common in. */
struct word {
	const char *text;
	unsigned bits;
};

/*
 * In order of their bytes: English, names of hosts and URIs, HTML, headers, and
 * what each record of a relay has.
 */
static const struct word words[] = {
    {"\nx-", 9},
    {" auth=", 6},
    {" by ", 8},
    {" by=", 6},
    {" envfrom=", 6},
    {" helo=", 6},
    {" id ", 9},
    {" ident=", 6},
    {" intl=", 6},
    {" ip=", 6},
    {" msa=", 6},
    {" rdns=", 6},
    {"&nbsp;", 9},
    {".com", 8},
    {".net", 9},
    {".org", 9},
    {"00", 8},
    {"</td>", 9},
    {"<a href=", 9},
    {"<br>", 8},
    {"<font", 9},
    {"<img src=", 10},
    {"<p", 9},
    {"<td", 9},
    {"<tr", 10},
    {"age", 10},
    {"align", 10},
    {"all", 10},
    {"and", 8},
    {"are", 10},
    {"border", 10},
    {"business", 11},
    {"charset=", 8},
    {"click", 11},
    {"color", 10},
    {"com", 8},
    {"content-type:", 10},
    {"date:", 10},
    {"day", 11},
    {"email", 10},
    {"end", 10},
    {"face=", 10},
    {"font", 8},
    {"for", 8},
    {"free", 11},
    {"from", 10},
    {"from:", 9},
    {"get", 11},
    {"have", 10},
    {"height=", 10},
    {"here", 10},
    {"href=", 9},
    {"http://", 8},
    {"https://", 8},
    {"information", 11},
    {"ing", 8},
    {"list", 10},
    {"localhost", 10},
    {"mail", 9},
    {"ment", 11},
    {"message-id:", 10},
    {"not", 10},
    {"order", 11},
    {"our", 9},
    {"out", 10},
    {"over", 11},
    {"please", 11},
    {"port", 11},
    {"receive", 11},
    {"received:", 8},
    {"ref", 11},
    {"size", 9},
    {"smtp", 9},
    {"span", 10},
    {"src=", 10},
    {"style", 10},
    {"subject:", 10},
    {"subscri", 11},
    {"table", 10},
    {"text/", 8},
    {"text/html", 8},
    {"text/plain", 8},
    {"that", 10},
    {"the", 7},
    {"this", 10},
    {"time", 11},
    {"tion", 9},
    {"to:", 8},
    {"use", 10},
    {"width=", 9},
    {"will", 10},
    {"with", 10},
    {"www.", 10},
    {"you", 8},
    {"your", 9},
};

/* Per 10,000 bytes of text. */
static const double letters[26] = {620, 110, 270, 300, 950, 160, 150, 380, 550,
    20, 60, 320, 220, 550, 590, 180, 10, 480, 520, 700, 220, 80, 140, 25, 130,
    10};

double
rarity_chance(unsigned byte)
{
	double n;

	if (byte >= 'a' && byte <= 'z')
		n = letters[byte - 'a'];
	else if (byte >= 'A' && byte <= 'Z')
		n = letters[byte - 'A'] / 16 + 2;
	else if (byte >= '0' && byte <= '9')
		n = 60;
	else if (byte == ' ')
		n = 1500;
	else if (byte == '\n' || byte == '.' || byte == ',')
		n = 120;
	else if (byte > ' ' && byte < 0x7f)
		n = 40;
	else
		n = byte < 0x80 ? 2 : 15;
	return n / 10000;
}

unsigned
rarity_bits(double chance)
{
	if (chance >= 1)
		return 0;
	if (chance < 1e-30)
		return 100;
	return (unsigned)(0.5 - log2(chance));
}

#define WORD_COUNT (sizeof(words) / sizeof(*words))

/* The first word that does not begin with a byte before `c`. */
static size_t
words_from(char c)
{
	size_t low = 0, high = WORD_COUNT;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (words[middle].text[0] < c)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Bytes of the word that `text` begins with; 0: too few to tell it by. */
static unsigned
part_of(const char *word, const char *text, unsigned len)
{
	unsigned n = 0;

	while (n < len && word[n] == text[n] && word[n] != '\0')
		n++;
	return n >= PART_MIN || (n > 1 && word[n] == '\0') ? n : 0;
}

static void
lower(unsigned *cost, unsigned bits)
{
	if (bits < *cost)
		*cost = bits;
}

unsigned
rarity_text_bits(const char *text, const unsigned *bits, unsigned len)
{
	unsigned cost[TEXT_MAX + 1] = {0};

	for (unsigned i = 0; i < len; i++)
		cost[i + 1] = cost[i] + bits[i];
	for (unsigned i = 0; i < len; i++) {
		lower(&cost[i + 1], cost[i] + bits[i]);
		for (size_t w = words_from(text[i]);
		     w < WORD_COUNT && words[w].text[0] == text[i]; w++) {
			unsigned n = part_of(words[w].text, text + i, len - i);

			lower(&cost[i + n], cost[i] + words[w].bits);
		}
	}
	return cost[len];
}
