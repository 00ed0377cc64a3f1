/*
 * How common bytes are in mail: estimates that only steer what is searched for.
 */
#ifndef POSTERN_MATCH_RARITY_H
#define POSTERN_MATCH_RARITY_H

/* Chance to meet `byte` at a place of a text. */
double rarity_chance(unsigned byte);
/* The same in bits, rounded. */
unsigned rarity_bits(double chance);

#endif
