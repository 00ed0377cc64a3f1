/*
 * What was decided about a message or a recipient, and by what.
 *
 * Plain data in the message's arena; the words for it. No policy is made here.
 */
#ifndef POSTERN_POLICY_VERDICT_H
#define POSTERN_POLICY_VERDICT_H

#include "base/arena.h"

enum verdict_action {
	VERDICT_ACCEPT,
	VERDICT_TAG,
	VERDICT_QUARANTINE,
	VERDICT_TEMPFAIL,
	VERDICT_REJECT,
	VERDICT_DISCARD
};

/*
 * Class of the decision; one reply template and one reputation class each. The
 * order after CLASS_NONE is that of policy/reply.def.
 */
enum verdict_class {
	CLASS_NONE,
	CLASS_CLIENT,	    /* row 1 */
	CLASS_CLIENT_DNSBL, /* row 2 */
	CLASS_RELAY,	    /* row 3 */
	CLASS_RECIPIENT,    /* row 4 */
	CLASS_RULES,	    /* row 5 */
	CLASS_DICTIONARY,   /* row 6 */
	CLASS_RELAY_DOMAIN, /* row 7 */
	CLASS_SPAM,	    /* row 8, by score */
	CLASS_REPUTATION,   /* row 8, by a listing */
	CLASS_DNSBL,	    /* row 9 */
	CLASS_SENDER,	    /* row 10 */
	CLASS_COUNT
};

/* Who is asked, in the order of decision (policy/gate_name.def). */
enum verdict_gate {
#define GATE(name, at_rcpt, title, doc) GATE_##name,
#include "policy/gate_name.def"
	GATE_COUNT
};

/* One thing that would have refused; the first that is not shadow decided. */
struct verdict_reason {
	enum verdict_gate gate;
	enum verdict_class class;
	enum verdict_action action;
	bool shadow;	     /* "would have" */
	struct str name;     /* rule, dictionary, list, zone */
	struct str text;     /* admin's own text, or empty */
	unsigned code;	     /* SMTP code an access table asks for, or 0 */
	const char *precise; /* the ground has a code of its own, or NULL */
	struct str where;    /* file:line */
	struct str detail;   /* for the record only, never for the sender */
};

/* One thing that moved the score. */
struct verdict_part {
	struct str name; /* rule, dictionary symbol, DNS:zone */
	double points;
};

struct verdict {
	enum verdict_action action;
	enum verdict_class class;
	double score;
	double required; /* reject threshold the score was held against */
	bool spam;	 /* score reached required_score */
	const struct verdict_reason *reasons; /* in order of decision */
	size_t reason_count;
	const struct verdict_part *parts; /* __ rules are no parts */
	size_t part_count;
	const struct verdict_reason
	    *decisive;	  /* NULL: accepted on its merits */
	struct str reply; /* "554 5.7.1 ..." complete, empty on accept */
	/* By gate: what one without a reason said, or NULL: nothing. */
	const char *said[GATE_COUNT];
	/* At RCPT: whether these are to be asked before it is accepted. */
	bool wants_greylist;
	bool wants_throttle;
};

const char *verdict_gate_name(enum verdict_gate g);
const char *verdict_gate_title(enum verdict_gate g);
bool verdict_gate_at_rcpt(enum verdict_gate g);
const char *verdict_action_text(enum verdict_action a); /* "accept" ... */
/* "none" "spam" "rules" "dictionary" "dnsbl" "reputation" "client" "sender"
 * "recipient" "relay": both rows of a kind share a word. */
const char *verdict_class_text(enum verdict_class c);
/* The name of the class in settings: "client_dnsbl", "relay_domain". */
const char *verdict_class_name(enum verdict_class c);
/* Reply codes go with these two only. */
bool verdict_refuses(enum verdict_action a);
bool verdict_action_parse(struct str s, enum verdict_action *out);

#endif
