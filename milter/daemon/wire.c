#include "daemon/wire.h"

#include "base/buf.h"
#include "base/spares.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Descriptors from here on are not buffered; we may open no more files. */
#define WIRES_MAX 65536
/* Most messages come whole. Lent to a connection while it has input unread. */
#define BLOCK_SIZE ((size_t)32 * 1024)
/* More edits than that do not wait. */
#define EDITS_MAX ((size_t)64 * 1024)
/* A larger buffer is not kept for the connection's next message. */
#define EDITS_KEPT ((size_t)4 * 1024)
/* Length (4) and type (1) of a packet. */
#define PACKET_HEAD ((size_t)5)

struct block {
	char data[BLOCK_SIZE];
};

struct wire {
	struct block *in; /* NULL: no input is unread */
	size_t at;	  /* unread input begins here */
	size_t end;
	struct buf edits; /* wait for their reply */
	int patience_ms;  /* for the MTA to take what is written */
};

/* By descriptor. */
static struct wire *_Atomic wires[WIRES_MAX];

/* For the next one who reads. */
static struct spares blocks = SPARES_INIT;

static struct wire *
wire_of(int fd)
{
	if (fd < 0 || fd >= WIRES_MAX)
		return NULL;
	return atomic_load_explicit(&wires[fd], memory_order_acquire);
}

static struct block *
block_take(void)
{
	struct block *b = spares_take(&blocks);

	return b != NULL ? b : malloc(sizeof(*b));
}

static void
block_give(struct block *b)
{
	if (!spares_keep(&blocks, b))
		free(b);
}

/* ---- a connection's life ------------------------------------------------ */

int
wire_accept(int listener, struct sockaddr *peer, socklen_t *size)
{
	int fd = accept(listener, peer, size);
	struct wire *w;

	if (fd < 0 || fd >= WIRES_MAX)
		return fd;
	w = calloc(1, sizeof(*w));
	if (w != NULL) {
		buf_init(&w->edits);
		w->patience_ms = -1;
	}
	atomic_store_explicit(&wires[fd], w, memory_order_release);
	return fd;
}

int
wire_close(int fd)
{
	struct wire *w = wire_of(fd);

	if (w != NULL) {
		/* Before the number can be another connection's. */
		atomic_store_explicit(&wires[fd], NULL, memory_order_release);
		if (w->in != NULL)
			block_give(w->in);
		buf_fini(&w->edits);
		free(w);
	}
	return close(fd);
}

/* ---- reading ------------------------------------------------------------ */

/* As recv(): what it says, into the connection's empty buffer. */
static ssize_t
take_in(struct wire *w, int fd, int flags)
{
	struct block *b = block_take();
	ssize_t n;

	if (b == NULL) {
		errno = ENOMEM;
		return -1;
	}
	n = recv(fd, b->data, sizeof(b->data), flags);
	if (n <= 0) {
		block_give(b);
		return n;
	}
	w->in = b;
	w->at = 0;
	w->end = (size_t)n;
	return n;
}

ssize_t
wire_read(int fd, void *p, size_t size)
{
	struct wire *w = wire_of(fd);
	size_t n;

	if (w == NULL || (w->in == NULL && size >= BLOCK_SIZE))
		return read(fd, p, size);
	if (w->in == NULL) {
		ssize_t got = take_in(w, fd, 0);

		if (got <= 0)
			return got;
	}
	n = w->end - w->at < size ? w->end - w->at : size;
	memcpy(p, w->in->data + w->at, n);
	w->at += n;
	if (w->at == w->end) {
		block_give(w->in);
		w->in = NULL;
	}
	return (ssize_t)n;
}

/* One connection, as a session's own thread asks. */
static int
poll_one(struct wire *w, struct pollfd *p, int timeout_ms)
{
	if (p->events == POLLOUT) {
		w->patience_ms = timeout_ms;
		p->revents = POLLOUT;
		return 1;
	}
	if (w->in == NULL && take_in(w, p->fd, MSG_DONTWAIT) <= 0)
		return poll(p, 1, timeout_ms);
	p->revents = POLLIN;
	return 1;
}

int
wire_poll(struct pollfd *set, nfds_t count, int timeout_ms)
{
	struct wire *w = count == 1 ? wire_of(set[0].fd) : NULL;
	bool waiting = false;
	int ready = 0;

	if (w != NULL)
		return poll_one(w, &set[0], timeout_ms);
	for (nfds_t i = 0; i < count && !waiting; i++) {
		w = wire_of(set[i].fd);
		waiting = w != NULL && w->in != NULL;
	}
	ready = poll(set, count, waiting ? 0 : timeout_ms);
	for (nfds_t i = 0; waiting && ready >= 0 && i < count; i++) {
		w = wire_of(set[i].fd);
		if (w == NULL || w->in == NULL)
			continue;
		ready += set[i].revents == 0;
		set[i].revents |= POLLIN;
	}
	return ready;
}

/* ---- writing ------------------------------------------------------------ */

/* SMFIR_ADDHEADER, _CHGHEADER, _INSHEADER, _QUARANTINE: no answer by itself. */
static bool
is_edit(const struct iovec *part)
{
	char type;

	if (part->iov_len < PACKET_HEAD)
		return false;
	type = ((const char *)part->iov_base)[PACKET_HEAD - 1];
	return type == 'h' || type == 'm' || type == 'i' || type == 'q';
}

/* 0, or -1 and errno. */
static int
send_all(int fd, struct str s, int patience_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	while (s.len > 0) {
		ssize_t n = send(fd, s.p, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		int ready;

		if (n >= 0) {
			s = str_skip(s, (size_t)n);
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return -1;
		ready = poll(&p, 1, patience_ms);
		if (ready == 0)
			errno = ETIMEDOUT;
		if (ready == 0 || (ready < 0 && errno != EINTR))
			return -1;
	}
	return 0;
}

ssize_t
wire_writev(int fd, const struct iovec *part, int count)
{
	struct wire *w = wire_of(fd);
	size_t whole = 0;
	int rc;

	if (w == NULL || count < 1)
		return writev(fd, part, count);
	for (int i = 0; i < count; i++) {
		buf_add(&w->edits, str_make(part[i].iov_base, part[i].iov_len));
		whole += part[i].iov_len;
	}
	if (is_edit(&part[0]) && w->edits.len <= EDITS_MAX)
		return (ssize_t)whole;
	rc = send_all(fd, buf_str(&w->edits), w->patience_ms);
	if (w->edits.size > EDITS_KEPT)
		buf_fini(&w->edits);
	buf_clear(&w->edits);
	return rc == 0 ? (ssize_t)whole : -1;
}
