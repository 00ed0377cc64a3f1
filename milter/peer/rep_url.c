#include "peer/rep_url.h"

#include <stdio.h>

#define DB_MAX 65535

static bool
fail(char why[static 128], const char *what)
{
	(void)snprintf(why, 128, "%s", what);
	return false;
}

/* With %XX undone; no NUL, no control bytes, must fit. */
static bool
decode(struct str s, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		int c = (unsigned char)s.p[i];

		if (c == '%') {
			int high = i + 2 < s.len ? ascii_hex(s.p[i + 1]) : -1;
			int low = high >= 0 ? ascii_hex(s.p[i + 2]) : -1;

			if (low < 0)
				return false;
			c = high << 4 | low;
			i += 2;
		}
		if (c < ' ' || c == 0x7f || n + 1 >= size)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

bool
rep_address_parse(struct str text, int port, struct rep_address *out)
{
	struct str host = text, number = STR_NONE;
	struct rep_address a = {.port = port};
	uint64_t v;
	size_t at;

	if (str_starts(text, STR("["))) {
		at = str_find_char(text, ']');
		if (at == STR_NPOS)
			return false;
		host = str_make(text.p + 1, at - 1);
		text = str_skip(text, at + 1);
		if (text.len > 0 && text.p[0] != ':')
			return false;
		if (text.len > 0)
			number = str_skip(text, 1);
	} else if ((at = str_rfind_char(text, ':')) != STR_NPOS) {
		host = str_head(text, at);
		number = str_skip(text, at + 1);
	}
	if (number.p != NULL) {
		if (!str_to_u64(number, &v) || v == 0 || v > 65535)
			return false;
		a.port = (int)v;
	}
	if (host.len == 0 || host.len >= sizeof(a.host) ||
	    str_cspan(host, " \t\r\n/@,") != host.len ||
	    memchr(host.p, '\0', host.len) != NULL)
		return false;
	memcpy(a.host, host.p, host.len);
	*out = a;
	return true;
}

static bool
parse_hosts(struct str list, int port, bool many, struct rep_url *u,
    char why[static 128])
{
	while (list.p != NULL) {
		if (u->hosts >= (many ? REP_URL_HOSTS : 1))
			return fail(why,
			    many ? "too many hosts" : "one host, not a list");
		if (!rep_address_parse(
			str_cut(&list, ','), port, &u->host[u->hosts++]))
			return fail(why, "host[:port] expected");
	}
	return true;
}

static bool
parse_db(struct str s, struct rep_url *u, char why[static 128])
{
	uint64_t v;

	if (s.len == 0)
		return true;
	if (!str_to_u64(s, &v) || v > DB_MAX)
		return fail(why, "the database is a number");
	u->db = (int)v;
	return true;
}

/* "user:password@" before `*rest`; the last @ counts. */
static bool
parse_login(struct str *rest, struct rep_url *u, char why[static 128])
{
	size_t slash = str_find_char(*rest, '/');
	size_t at = str_rfind_char(str_head(*rest, slash), '@');
	struct str login, user;

	if (at == STR_NPOS)
		return true;
	login = str_head(*rest, at);
	*rest = str_skip(*rest, at + 1);
	user = str_cut(&login, ':');
	if (login.p == NULL)
		return fail(why, "user:password@ expected before the host");
	if (!decode(user, u->user, sizeof(u->user)) ||
	    !decode(login, u->password, sizeof(u->password)))
		return fail(why, "bad user or password (%XX for odd bytes)");
	return true;
}

static bool
parse_unix(struct str s, struct rep_url *u, char why[static 128])
{
	size_t query = str_find_char(s, '?');
	struct str path = str_head(s, query), db = STR_NONE;

	if (query != STR_NPOS) {
		db = str_skip(s, query + 1);
		if (!str_starts(db, STR("db=")))
			return fail(why, "only ?db=N may follow the path");
		db = str_skip(db, 3);
	}
	if (path.len == 0 || path.p[0] != '/' ||
	    !decode(path, u->path, sizeof(u->path)))
		return fail(why, "an absolute path of less than 108 bytes "
				 "expected");
	return parse_db(db, u, why);
}

static bool
parse_net(struct str s, struct rep_url *u, char why[static 128])
{
	struct str hosts, name;
	bool many = u->topology != REP_SINGLE;

	if (!parse_login(&s, u, why))
		return false;
	hosts = str_cut(&s, '/');
	if (!parse_hosts(hosts,
		u->topology == REP_SENTINEL ? REP_SENTINEL_PORT
					    : REP_REDIS_PORT,
		many, u, why))
		return false;
	if (u->topology == REP_CLUSTER)
		return s.len == 0 || fail(why, "a cluster has no databases");
	if (u->topology == REP_SENTINEL) {
		name = str_cut(&s, '/');
		if (name.len == 0 ||
		    !decode(name, u->master, sizeof(u->master)))
			return fail(why, "the master's name expected after "
					 "the sentinels");
	}
	return parse_db(s, u, why);
}

bool
rep_url_parse(struct str text, struct rep_url *out, char why[static 128])
{
	static const struct {
		const char *scheme;
		enum rep_topology topology;
	} row[] = {{"redis://", REP_SINGLE}, {"sentinel://", REP_SENTINEL},
	    {"cluster://", REP_CLUSTER}};
	struct rep_url u = {0};

	if (str_starts(text, STR("unix:"))) {
		if (!parse_unix(str_skip(text, 5), &u, why))
			return false;
		*out = u;
		return true;
	}
	if (str_starts(text, STR("rediss://")))
		return fail(why, "rediss:// needs TLS, which this build's "
				 "client library lacks; use stunnel or unix:");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct str scheme = str_from(row[i].scheme);

		if (!str_starts(text, scheme))
			continue;
		u.topology = row[i].topology;
		if (!parse_net(str_skip(text, scheme.len), &u, why))
			return false;
		*out = u;
		return true;
	}
	return fail(why, "unix:/path, redis://, sentinel:// or cluster:// "
			 "expected");
}
