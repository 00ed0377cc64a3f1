/* Words for classes and states; one table, both directions. */
#include "peer/rep.h"

static const char *const class_name[REP_CLASS_COUNT] = {
    [REP_HAM] = "ham",
    [REP_SPAM] = "spam",
    [REP_RULES] = "rules",
    [REP_DICT] = "dict",
    [REP_DNSBL] = "dnsbl",
    [REP_VIRUS] = "virus",
    [REP_TRAP] = "trap",
    [REP_UNKNOWN_RCPT] = "unknown",
    [REP_RELAY] = "relay",
    [REP_COMPLAINT] = "complaint",
    [REP_SELF] = "self",
    [REP_POLICY] = "policy",
};

static const char *const state_name[] = {
    [REP_NONE] = "none",
    [REP_WATCH] = "watch",
    [REP_LISTED] = "listed",
    [REP_PROBATION] = "probation",
    [REP_GOOD] = "good",
    [REP_ALLOWED] = "allowed",
    [REP_BLOCKED] = "blocked",
};

#define STATE_COUNT (sizeof(state_name) / sizeof(state_name[0]))

const char *
rep_class_text(enum rep_class c)
{
	return (unsigned)c < REP_CLASS_COUNT ? class_name[c] : "unknown class";
}

bool
rep_class_parse(struct str text, enum rep_class *out)
{
	for (int i = 0; i < REP_CLASS_COUNT; i++)
		if (str_is(text, class_name[i])) {
			*out = (enum rep_class)i;
			return true;
		}
	return false;
}

const char *
rep_state_text(enum rep_state s)
{
	return (unsigned)s < STATE_COUNT ? state_name[s] : "unknown state";
}

bool
rep_state_parse(struct str text, enum rep_state *out)
{
	for (size_t i = 0; i < STATE_COUNT; i++)
		if (str_is(text, state_name[i])) {
			*out = (enum rep_state)i;
			return true;
		}
	return false;
}

bool
rep_class_is_bad(enum rep_class c)
{
	return c != REP_HAM;
}
