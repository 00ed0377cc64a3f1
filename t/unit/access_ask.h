/* What access lists answer, as one line of text, for tests. */
#ifndef POSTERN_T_ACCESS_ASK_H
#define POSTERN_T_ACCESS_ASK_H

#include "rule/access.h"

/*
 * "decides:reject@3 would:allow@7 ..." of one question: standing, action, line.
 * `ip`: the client's address as text, or NULL.
 */
static inline struct str
access_ask(const struct access_set *set, struct access_question q,
    const char *ip_text, struct arena *a, struct str *text_out)
{
	struct access_answer answer;
	struct buf b;
	struct ip ip;

	if (ip_text != NULL && ip_parse(str_from(ip_text), &ip))
		q.ip = &ip;
	access_find(set, NULL, &q, a, &answer);
	buf_init_arena(&b, a);
	for (size_t i = 0; i < answer.len; i++)
		buf_printf(&b, "%s%s:%s@%u", i ? " " : "",
		    access_standing_text(answer.v[i].standing),
		    access_action_text(answer.v[i].entry->action),
		    answer.v[i].entry->pos.line);
	*text_out = answer.text;
	return buf_str(&b);
}

#endif
