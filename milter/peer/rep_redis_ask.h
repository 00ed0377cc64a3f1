/*
 * How the admin's half of the Redis store asks: each call posts a command to
 * the I/O thread and waits for the answer. May block for seconds; any thread
 * but the store's own.
 */
#ifndef POSTERN_PEER_REP_REDIS_ASK_H
#define POSTERN_PEER_REP_REDIS_ASK_H

#include "peer/rep_redis.h"

#define ANY_NODE SIZE_MAX

struct ask {
	struct redis_task task; /* first */
	struct redis_store *store;
	struct redis_args args;
	char *bytes; /* what args point into */
	char key[160];
	size_t node; /* or ANY_NODE: by key */
	int script;  /* or -1 */
	atomic_int refs;

	pthread_mutex_t done_lock; /* guards done and reply */
	pthread_cond_t done_wake;
	bool done;
	struct redis_reply *reply; /* NULL: none came */
};

#define WORDS(args, ...)                                            \
	redis_ask_words((args), (const char *const[]){__VA_ARGS__}, \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* `args` are copied; `key` "" = any node. */
struct ask *redis_ask_new(
    struct redis_store *s, const char *key, const struct redis_args *args);
/* Posts it and waits for the reply, which is then the caller's. Drops `a`.
 * NULL: none came. */
struct redis_reply *redis_ask_wait(struct ask *a);
/* Ends the loop's part of a question; `ctx` is the struct ask. */
void redis_ask_done(void *ctx, const struct redis_reply *r);
/* A tool that has just started gives the connection a moment. */
bool redis_ask_wait_up(struct redis_store *s);
/* 0 and a reply that is no error, or ERR_DOWN, ERR_DENIED. Takes `r`. */
int redis_ask_take(
    struct redis_store *s, struct redis_reply *r, struct redis_reply **out);
/* The whole of it; 0 and the reply, which is the caller's. */
int redis_ask(struct redis_store *s, const char *key,
    const struct redis_args *args, struct redis_reply **out);
/* The same without a reply. */
int redis_ask_run(
    struct redis_store *s, const char *key, const struct redis_args *args);
void redis_ask_words(
    struct redis_args *a, const char *const *word, size_t count);

#endif
