/*
 * Mail settings for tests: default limits and a handful of registry suffixes.
 */
#ifndef POSTERN_T_MAIL_FIXTURE_H
#define POSTERN_T_MAIL_FIXTURE_H

#include "mail/settings.h"

static int fixture_present;

static inline struct map *
fixture_map(const char *words)
{
	struct map *m = map_new(false);
	struct str rest = str_from(words), word;

	while ((word = str_word(&rest)).len > 0)
		map_set(m, word, &fixture_present);
	return m;
}

static inline void
fixture_settings(struct mail_settings *s)
{
	*s = (struct mail_settings){0};
	s->limits.uri = 8192;
	s->limits.uris = 10000;
	s->tld = fixture_map("com org net uk us de jp example test xn--p1ai "
			     "\xd1\x80\xd1\x84");
	s->tld2 = fixture_map("co.uk org.uk ne.jp");
	s->tld3 = fixture_map("demon.co.uk");
}

static inline void
fixture_settings_fini(struct mail_settings *s)
{
	map_free(&s->tld);
	map_free(&s->tld2);
	map_free(&s->tld3);
}

#endif
