#include "peer/loop.h"

#include "base/mem.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop {
	struct event_base *base;
	struct event *wake_event;
	int wake_fd;
	loop_fn *wake;
	void *ctx;
};

struct loop_watch {
	struct event *read;
	struct event *write;
	loop_fn *readable;
	loop_fn *writable;
	void *ctx;
};

struct loop_timer {
	struct event *event;
	loop_fn *fn;
	void *ctx;
};

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	uint64_t n;

	(void)what;
	(void)!read(fd, &n, sizeof(n));
	l->wake(l->ctx);
}

struct loop *
loop_new(loop_fn *wake, void *ctx)
{
	struct loop *l = mem_alloc(sizeof(*l));

	l->wake = wake;
	l->ctx = ctx;
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake_fd >= 0)
		l->base = event_base_new();
	if (l->base != NULL)
		l->wake_event = event_new(
		    l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
	if (l->wake_event == NULL || event_add(l->wake_event, NULL) != 0)
		loop_free(&l);
	return l;
}

void
loop_free(struct loop **lp)
{
	struct loop *l = *lp;

	if (l == NULL)
		return;
	if (l->wake_event != NULL)
		event_free(l->wake_event);
	if (l->base != NULL)
		event_base_free(l->base);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	free(l);
	*lp = NULL;
}

void
loop_run(struct loop *l)
{
	(void)event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

void
loop_stop(struct loop *l)
{
	(void)event_base_loopbreak(l->base);
}

void
loop_wake(struct loop *l)
{
	uint64_t one = 1;

	(void)!write(l->wake_fd, &one, sizeof(one));
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	(void)fd;
	(void)what;
	w->readable(w->ctx);
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	(void)fd;
	(void)what;
	w->writable(w->ctx);
}

struct loop_watch *
loop_watch_new(
    struct loop *l, int fd, loop_fn *readable, loop_fn *writable, void *ctx)
{
	struct loop_watch *w = mem_alloc(sizeof(*w));

	w->readable = readable;
	w->writable = writable;
	w->ctx = ctx;
	w->read = event_new(l->base, fd, EV_READ | EV_PERSIST, on_read, w);
	w->write = event_new(l->base, fd, EV_WRITE | EV_PERSIST, on_write, w);
	invariant(w->read != NULL && w->write != NULL);
	return w;
}

static void
want(struct event *e, bool on)
{
	if (on)
		(void)event_add(e, NULL);
	else
		(void)event_del(e);
}

void
loop_watch_want_read(struct loop_watch *w, bool on)
{
	want(w->read, on);
}

void
loop_watch_want_write(struct loop_watch *w, bool on)
{
	want(w->write, on);
}

void
loop_watch_free(struct loop_watch **w)
{
	if (*w == NULL)
		return;
	event_free((*w)->read);
	event_free((*w)->write);
	free(*w);
	*w = NULL;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->ctx);
}

struct loop_timer *
loop_timer_new(struct loop *l, loop_fn *fn, void *ctx)
{
	struct loop_timer *t = mem_alloc(sizeof(*t));

	t->fn = fn;
	t->ctx = ctx;
	t->event = evtimer_new(l->base, on_timer, t);
	invariant(t->event != NULL);
	return t;
}

void
loop_timer_start(struct loop_timer *t, int64_t ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	(void)event_add(t->event, &tv);
}

void
loop_timer_stop(struct loop_timer *t)
{
	(void)event_del(t->event);
}

bool
loop_timer_runs(const struct loop_timer *t)
{
	return event_pending(t->event, EV_TIMEOUT, NULL) != 0;
}

void
loop_timer_free(struct loop_timer **t)
{
	if (*t == NULL)
		return;
	event_free((*t)->event);
	free(*t);
	*t = NULL;
}
