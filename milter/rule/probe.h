/*
 * The cost probe: patterns are tried on adversarial texts when rules are
 * loaded.
 *
 * What it finds is matched with every step counted from then on
 * (REGEX_COUNTED), so that the limit of a match holds; with `refuse_slow` what
 * runs away on a short text already is refused. Private to rule/; control
 * plane.
 */
#ifndef POSTERN_RULE_PROBE_H
#define POSTERN_RULE_PROBE_H

#include "base/regex.h"
#include "rule/loader.h"

/* Of what is kept: another answer to the same pattern is another version. */
#define PROBE_VERSION 1
/* A text may take so many before it is worth a word; well over the limit of a
 * match, as a square of 2048 bytes is none yet. */
#define PROBE_STEPS 4000000
/* A square of a long header is but a note. */
#define PROBE_STEPS_WARNING 1e9
/* {n,m} up to here is no loop to speak of. */
#define PROBE_COUNT_SMALL 40

struct probe_result {
	double steps;  /* HUGE_VAL: a short text takes too many */
	char unit[40]; /* what that text repeats, printable */
};

/*
 * True: some text of `size` bytes takes `counted`, compiled with REGEX_COUNTED
 * from what `perl` is in PCRE2's words, over PROBE_STEPS.
 */
bool probe_pattern(const struct regex *counted, struct str perl, size_t size,
    struct probe_result *out);
void probe_rules(struct loader *l);

#endif
