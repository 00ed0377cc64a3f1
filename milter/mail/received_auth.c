#include "mail/received_internal.h"

#include "mail/received_match.h"

enum auth_flag {
	SEARCH = 1,
	GMX = 2,      /* named "GMX (method / by)" */
	MAIL_NAME = 4 /* named "Postfix", or "Postfix (mail_name)" */
};

static const struct auth_row {
	unsigned flags;
	struct str need;
	const char *method;
	const struct step *steps;
} rows[] = {
#define AUTH(flags, need, method, ...) \
	{flags, STR_INIT(need), method, STEPS(__VA_ARGS__)},
#include "mail/received_auth.def"
#undef AUTH
};

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGIT "0123456789"

/*
 * Gmail hides that a user authenticated; the shape of the queue id of its own
 * submission servers tells.
 */
static const struct step gmail_id[] = {
    L(" by mx.google.com with ESMTPS id "),
    SPANN(LOWER DIGIT, 1, 4),
    L("sm"),
    DIGITN(2, 9),
    SPANN(LOWER, 3, 3),
    L("."),
    DIGITN(1, 3),
    L("."),
    DIGITN(4, 4),
    L("."),
    SPANN("0123456", 1, 1),
    DIGITN(1, 1),
    L("."),
    SPANN("0123456", 1, 1),
    DIGITN(1, 1),
    L("."),
    SPANN("0123456", 1, 1),
    DIGITN(1, 1),
    L("."),
    SPANN("0123456", 1, 1),
    DIGITN(1, 1),
    L("."),
    SPANN("0123456", 1, 1),
    DIGITN(1, 1),
    DONE,
};
static const struct step gmail_tls[] = {
    L("(version="),
    NOTF1(METHOD, " "),
    L(" cipher="),
    NOTF1(CIPHER, ")"),
    L(")"),
    DONE,
};

static struct str
gmail(struct arena *a, struct str line, const struct bigrams *pairs)
{
	struct received_fields f;

	if (!received_may_match(gmail_tls, pairs) ||
	    !received_may_match(gmail_id, pairs) ||
	    !received_match(gmail_id, line, true, &f) ||
	    !received_match(gmail_tls, line, true, &f))
		return STR_NONE;
	return arena_printf(a, "GMail - transport=%.*s cipher=%.*s",
	    STR_ARG(f.v[FIELD_METHOD]), STR_ARG(f.v[FIELD_CIPHER]));
}

static struct str
name_of(struct arena *a, const struct auth_row *row,
    const struct received_fields *f)
{
	struct str method = f->v[FIELD_METHOD];

	if (row->method != NULL)
		return str_from(row->method);
	if (row->flags & GMX)
		return arena_printf(a, "GMX (%.*s / %.*s)", STR_ARG(method),
		    STR_ARG(f->v[FIELD_BY]));
	if ((row->flags & MAIL_NAME) && !str_is(method, "Postfix"))
		return arena_printf(a, "Postfix (%.*s)", STR_ARG(method));
	return method;
}

struct str
received_auth(struct arena *a, struct str line, const struct bigrams *pairs)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct auth_row *row = &rows[i];
		struct received_fields f;
		struct str name;

		if (i == 1) {
			name = gmail(a, line, pairs);
			if (name.len > 0)
				return name;
		}
		if (bigrams_may_hold(pairs, row->need) &&
		    received_may_match(row->steps, pairs) &&
		    str_find(line, row->need) != STR_NPOS &&
		    received_match(row->steps, line, row->flags & SEARCH, &f))
			return name_of(a, row, &f);
	}
	return STR_NONE;
}
