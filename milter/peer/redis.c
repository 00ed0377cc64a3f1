#include "peer/redis.h"

#include "base/mem.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#define COPY_DEPTH_MAX 8

struct redis_conn {
	redisAsyncContext *ac;
	struct loop_watch *watch;
	struct redis_hooks hooks;
	size_t waiting;
	bool silent;   /* being closed by us: no hooks */
	bool deferred; /* hiredis frees its part later */
};

struct request {
	struct redis_conn *conn;
	redis_fn *fn;
	void *ctx;
};

/* ---- commands ----------------------------------------------------------- */

void
redis_arg(struct redis_args *a, struct str s)
{
	if (a->count >= REDIS_ARGS_MAX)
		return;
	a->v[a->count] = s.p ? s.p : "";
	a->len[a->count++] = s.len;
}

void
redis_arg_cstr(struct redis_args *a, const char *s)
{
	redis_arg(a, str_from(s));
}

void
redis_arg_int(struct redis_args *a, int64_t v, char text[static REDIS_NUMBER])
{
	(void)snprintf(text, REDIS_NUMBER, "%lld", (long long)v);
	redis_arg_cstr(a, text);
}

static size_t
digits(size_t n)
{
	size_t count = 1;

	for (; n >= 10; n /= 10)
		count++;
	return count;
}

/* `mark` number CR LF. */
static char *
put_count(char *at, char mark, size_t n)
{
	size_t len = digits(n);

	*at++ = mark;
	for (size_t i = len; i-- > 0; n /= 10)
		at[i] = (char)('0' + n % 10);
	at += len;
	*at++ = '\r';
	*at++ = '\n';
	return at;
}

/* An array of strings, as the protocol's specification has it. */
struct str
redis_wire(const struct redis_args *a)
{
	size_t count = a->count < 0 ? 0 : (size_t)a->count;
	size_t total = 3 + digits(count);
	char *out, *at;

	for (size_t i = 0; i < count; i++)
		total += 5 + digits(a->len[i]) + a->len[i];
	at = out = mem_alloc(total);
	at = put_count(at, '*', count);
	for (size_t i = 0; i < count; i++) {
		at = put_count(at, '$', a->len[i]);
		memcpy(at, a->v[i], a->len[i]);
		at += a->len[i];
		*at++ = '\r';
		*at++ = '\n';
	}
	invariant((size_t)(at - out) == total);
	return str_make(out, total);
}

void
redis_wire_free(struct str *wire)
{
	char *p;

	memcpy(&p, &wire->p, sizeof(p));
	free(p);
	*wire = STR_NONE;
}

/* ---- the connection ----------------------------------------------------- */

static void
handle_read(void *ctx)
{
	redisAsyncHandleRead(((struct redis_conn *)ctx)->ac);
}

static void
handle_write(void *ctx)
{
	redisAsyncHandleWrite(((struct redis_conn *)ctx)->ac);
}

static void
add_read(void *p)
{
	loop_watch_want_read(((struct redis_conn *)p)->watch, true);
}

static void
del_read(void *p)
{
	loop_watch_want_read(((struct redis_conn *)p)->watch, false);
}

static void
add_write(void *p)
{
	loop_watch_want_write(((struct redis_conn *)p)->watch, true);
}

static void
del_write(void *p)
{
	loop_watch_want_write(((struct redis_conn *)p)->watch, false);
}

static void
cleanup(void *p)
{
	loop_watch_free(&((struct redis_conn *)p)->watch);
}

/* hiredis frees its context after this returns; ours goes with it. */
static void
lost(struct redis_conn *c, const char *why)
{
	struct redis_hooks hooks = c->hooks;
	char text[128];
	bool silent = c->silent;

	if (silent && !c->deferred)
		return; /* redis_close() frees */
	(void)snprintf(text, sizeof(text), "%s", why);
	/* What hiredis still does to its context must not come back here. */
	c->ac->ev.data = NULL;
	c->ac->ev.addRead = c->ac->ev.delRead = NULL;
	c->ac->ev.addWrite = c->ac->ev.delWrite = NULL;
	c->ac->ev.cleanup = NULL;
	loop_watch_free(&c->watch);
	free(c);
	if (silent)
		return;
	hooks.down(hooks.ctx, text);
}

static void
on_connect(const redisAsyncContext *ac, int status)
{
	struct redis_conn *c = ac->data;

	if (status != REDIS_OK)
		lost(c, ac->errstr ? ac->errstr : "cannot connect");
	else
		c->hooks.up(c->hooks.ctx);
}

static void
on_disconnect(const redisAsyncContext *ac, int status)
{
	struct redis_conn *c = ac->data;

	lost(c, status != REDIS_OK && ac->errstr ? ac->errstr
						 : "connection closed");
}

struct redis_conn *
redis_open(struct loop *l, const char *path, const char *host, int port,
    const struct redis_hooks *hooks, char why[static 128])
{
	redisAsyncContext *ac =
	    path ? redisAsyncConnectUnix(path) : redisAsyncConnect(host, port);
	struct redis_conn *c;

	if (ac == NULL || ac->err != 0) {
		(void)snprintf(why, 128, "%s",
		    ac && ac->errstr ? ac->errstr : "out of memory");
		if (ac != NULL)
			redisAsyncFree(ac);
		return NULL;
	}
	c = mem_alloc(sizeof(*c));
	c->ac = ac;
	c->hooks = *hooks;
	ac->data = c;
	c->watch = loop_watch_new(l, ac->c.fd, handle_read, handle_write, c);
	ac->ev.data = c;
	ac->ev.addRead = add_read;
	ac->ev.delRead = del_read;
	ac->ev.addWrite = add_write;
	ac->ev.delWrite = del_write;
	ac->ev.cleanup = cleanup;
	(void)redisAsyncSetDisconnectCallback(ac, on_disconnect);
	/* Asks for the write event that tells the end of connecting. */
	(void)redisAsyncSetConnectCallback(ac, on_connect);
	return c;
}

void
redis_close(struct redis_conn **cp)
{
	struct redis_conn *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	c->silent = true;
	c->deferred = (c->ac->c.flags & REDIS_IN_CALLBACK) != 0;
	if (c->deferred) {
		redisAsyncFree(c->ac); /* after the callback; lost() ends it */
		return;
	}
	redisAsyncFree(c->ac);
	loop_watch_free(&c->watch);
	free(c);
}

static void
on_reply(redisAsyncContext *ac, void *reply, void *privdata)
{
	struct request *r = privdata;
	redis_fn *fn = r->fn;
	void *ctx = r->ctx;

	(void)ac;
	r->conn->waiting--;
	free(r);
	fn(ctx, reply);
}

bool
redis_send(struct redis_conn *c, struct str wire, redis_fn *fn, void *ctx)
{
	struct request *r;

	if (c->silent)
		return false;
	r = mem_alloc(sizeof(*r));
	r->conn = c;
	r->fn = fn;
	r->ctx = ctx;
	if (redisAsyncFormattedCommand(c->ac, on_reply, r, wire.p, wire.len) !=
	    REDIS_OK) {
		free(r);
		return false;
	}
	c->waiting++;
	return true;
}

size_t
redis_waiting(const struct redis_conn *c)
{
	return c->waiting;
}

/* ---- replies ------------------------------------------------------------ */

static const redisReply *
raw(const struct redis_reply *r)
{
	return (const redisReply *)r;
}

bool
redis_is_error(const struct redis_reply *r)
{
	return r != NULL && raw(r)->type == REDIS_REPLY_ERROR;
}

bool
redis_is_nil(const struct redis_reply *r)
{
	return r == NULL || raw(r)->type == REDIS_REPLY_NIL;
}

bool
redis_is_array(const struct redis_reply *r)
{
	return r != NULL && raw(r)->type == REDIS_REPLY_ARRAY;
}

struct str
redis_text(const struct redis_reply *r)
{
	if (r == NULL || (raw(r)->type != REDIS_REPLY_STRING &&
			     raw(r)->type != REDIS_REPLY_STATUS &&
			     raw(r)->type != REDIS_REPLY_ERROR))
		return STR_NONE;
	return str_make(raw(r)->str, raw(r)->len);
}

int64_t
redis_int(const struct redis_reply *r, int64_t otherwise)
{
	int64_t v;

	if (r != NULL && raw(r)->type == REDIS_REPLY_INTEGER)
		return raw(r)->integer;
	return str_to_i64(redis_text(r), &v) ? v : otherwise;
}

size_t
redis_count(const struct redis_reply *r)
{
	return redis_is_array(r) ? raw(r)->elements : 0;
}

const struct redis_reply *
redis_at(const struct redis_reply *r, size_t i)
{
	if (i >= redis_count(r))
		return NULL;
	return (const struct redis_reply *)raw(r)->element[i];
}

static redisReply *
copy(const redisReply *r, int depth)
{
	redisReply *out = mem_alloc(sizeof(*out));

	out->type = r->type;
	out->integer = r->integer;
	if (r->str != NULL) {
		out->str = mem_strndup(r->str, r->len);
		out->len = r->len;
	}
	if (r->type != REDIS_REPLY_ARRAY || r->elements == 0 ||
	    depth >= COPY_DEPTH_MAX)
		return out;
	out->element = mem_array(r->elements, sizeof(*out->element));
	out->elements = r->elements;
	for (size_t i = 0; i < r->elements; i++)
		out->element[i] = copy(r->element[i], depth + 1);
	return out;
}

struct redis_reply *
redis_copy(const struct redis_reply *r)
{
	return r ? (struct redis_reply *)copy(raw(r), 0) : NULL;
}

void
redis_free(struct redis_reply **r)
{
	if (*r != NULL)
		freeReplyObject(*r);
	*r = NULL;
}

struct redis_reply *
redis_parse(struct str wire)
{
	redisReader *reader = redisReaderCreate();
	void *reply = NULL;

	if (reader == NULL)
		return NULL;
	if (redisReaderFeed(reader, wire.p, wire.len) != REDIS_OK ||
	    redisReaderGetReply(reader, &reply) != REDIS_OK)
		reply = NULL;
	redisReaderFree(reader);
	return reply;
}
