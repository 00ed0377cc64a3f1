/*
 * Where Redis is: the `redis` setting, taken apart.
 *
 *   unix:/path[?db=N]            redis://[[user]:password@]host[:port][/db]
 *   sentinel://[[user]:password@]host[:port],.../name[/db]
 *   cluster://[[user]:password@]host[:port],...
 *
 * User and password may hold %XX. rediss:// (TLS) is refused with a clear
 * word: the client library this is built for has none. Pure.
 */
#ifndef POSTERN_PEER_REP_URL_H
#define POSTERN_PEER_REP_URL_H

#include "base/str.h"

enum rep_topology { REP_SINGLE, REP_SENTINEL, REP_CLUSTER };

#define REP_URL_HOSTS 16
#define REP_HOST_MAX 256
#define REP_SECRET_MAX 256
#define REP_PATH_MAX 108 /* sun_path */

struct rep_address {
	char host[REP_HOST_MAX];
	int port;
};

struct rep_url {
	enum rep_topology topology;
	char path[REP_PATH_MAX]; /* Unix socket; empty: hosts */
	struct rep_address host[REP_URL_HOSTS];
	size_t hosts;
	char user[REP_SECRET_MAX];
	char password[REP_SECRET_MAX];
	char master[REP_SECRET_MAX]; /* name the sentinels know */
	int db;
};

#define REP_REDIS_PORT 6379
#define REP_SENTINEL_PORT 26379

/* False: `why` says what is wrong, without the password. */
bool rep_url_parse(struct str text, struct rep_url *out, char why[static 128]);

/* "host:port" or "[v6]:port". False: not an address. */
bool rep_address_parse(struct str text, int port, struct rep_address *out);

#endif
