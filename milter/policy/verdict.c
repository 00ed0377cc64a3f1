#include "policy/verdict.h"

static const char *const actions[] = {
    "accept", "tag", "quarantine", "tempfail", "reject", "discard"};

#define ACTION_COUNT (sizeof(actions) / sizeof(actions[0]))

static const char *const names[CLASS_COUNT] = {
    "none",
#define REPLY(class, row, text, doc) #class,
#include "policy/reply.def"
};

static const struct {
	const char *name;
	bool at_rcpt;
	const char *title;
} gates[GATE_COUNT] = {
#define GATE(name, at_rcpt, title, doc) {#name, at_rcpt, title},
#include "policy/gate_name.def"
};

const char *
verdict_gate_name(enum verdict_gate g)
{
	return gates[g].name;
}

const char *
verdict_gate_title(enum verdict_gate g)
{
	return gates[g].title;
}

bool
verdict_gate_at_rcpt(enum verdict_gate g)
{
	return gates[g].at_rcpt;
}

const char *
verdict_action_text(enum verdict_action a)
{
	return actions[a];
}

const char *
verdict_class_name(enum verdict_class c)
{
	return names[c];
}

const char *
verdict_class_text(enum verdict_class c)
{
	if (c == CLASS_CLIENT_DNSBL)
		return "dnsbl";
	if (c == CLASS_RELAY_DOMAIN)
		return "relay";
	return names[c];
}

bool
verdict_refuses(enum verdict_action a)
{
	return a == VERDICT_REJECT || a == VERDICT_TEMPFAIL;
}

bool
verdict_action_parse(struct str s, enum verdict_action *out)
{
	for (size_t i = 0; i < ACTION_COUNT; i++) {
		if (str_is_nocase(s, actions[i])) {
			*out = (enum verdict_action)i;
			return true;
		}
	}
	return false;
}
