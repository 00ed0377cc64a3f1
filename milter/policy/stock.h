/*
 * Labels of stock tips ("Current Price: 1.20") in a text.
 *
 * A label stands at the start of a line, is 3 to 30 characters long and ends in
 * a colon with something behind. Pure; linear in the text.
 */
#ifndef POSTERN_POLICY_STOCK_H
#define POSTERN_POLICY_STOCK_H

#include "base/str.h"

/*
 * How many different labels of stock tips the text has. `wide`: its characters
 * are known to be Unicode.
 */
size_t stock_count_labels(struct str text, bool wide);

#endif
