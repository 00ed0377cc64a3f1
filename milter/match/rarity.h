/*
 * How common bytes and words are in mail: estimates that only steer what is
 * searched for.
 */
#ifndef POSTERN_MATCH_RARITY_H
#define POSTERN_MATCH_RARITY_H

/* Chance to meet `byte` at a place of a text. */
double rarity_chance(unsigned byte);
/* The same in bits, rounded. */
unsigned rarity_bits(double chance);
/*
 * Bits of `len` bytes of folded text, at most 16; `bits`: what each is worth by
 * itself. Words that mail is full of are worth less than their letters.
 */
unsigned rarity_text_bits(const char *text, const unsigned *bits, unsigned len);

#endif
