/*
 * What a refused sender reads: one line, exactly as doc/replies.md has it.
 *
 *	554 5.7.1 PHRASE [ref K7Q2-9XTMV] detail https://host/r/K7Q29XTMV
 *
 * Texts are templates of the configuration; {name} stands for one of the
 * variables of reply_variables.def and nothing else of the message can get in.
 * The result is printable ASCII without line ends, of about REPLY_WANTED octets
 * when the values are long, never above REPLY_MAX. `%` stands single here: it
 * is doubled where the text is handed to libmilter and nowhere else. Pure.
 */
#ifndef POSTERN_POLICY_REPLY_H
#define POSTERN_POLICY_REPLY_H

#include "base/diag.h"
#include "policy/config.h"
#include "policy/facts.h"
#include "policy/verdict.h"

#define REPLY_WANTED ((size_t)200)
/* RFC 5321 4.5.3.1.5: 512 octets with the line end; libmilter takes 980. */
#define REPLY_MAX ((size_t)510)

struct reply_input {
	enum verdict_class class;   /* NONE: our own failure */
	enum verdict_action action; /* TEMPFAIL or REJECT */
	const struct facts *facts;  /* client, sender, reference */
	struct str text;     /* in place of the class's template; may start
				with a code of its own */
	unsigned code;	     /* SMTP code in place of the class's, or 0 */
	const char *precise; /* with codes = precise, or NULL */
	struct str rcpt;
	struct str zone;
	struct str txt;
	struct str dictionary; /* its title */
	double score;
	double required;
};

/* The whole line, in `a`; empty only when the arena is full. */
struct str reply_format(
    const struct config *c, const struct reply_input *in, struct arena *a);

/*
 * Checks every code and template of `c`: unknown variables, characters that
 * are not printable ASCII, codes of the wrong class, lines over the limits.
 */
void reply_lint(const struct config *c, struct diags *diags);
/* The same for one text from elsewhere (a rule's action). False: diag written.
 */
bool reply_check_text(struct str text, enum verdict_action action,
    struct source_pos pos, struct diags *diags);

#endif
