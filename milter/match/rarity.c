#include "match/rarity.h"

#include <math.h>

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
