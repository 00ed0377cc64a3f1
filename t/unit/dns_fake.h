/*
 * A DNS server on a loopback port that answers from a table, or misbehaves as
 * the table says.
 */
#ifndef POSTERN_T_DNS_FAKE_H
#define POSTERN_T_DNS_FAKE_H

#include "base/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum fake_kind {
	FAKE_A,	     /* `data` is an address */
	FAKE_TXT,    /* `data` is one text */
	FAKE_SILENT, /* no answer at all */
	FAKE_SERVFAIL,
	FAKE_GARBAGE, /* a packet that is no DNS */
	FAKE_CUT      /* truncated, and nobody on TCP */
};

struct fake_record {
	const char *suffix; /* of the question; "" matches all */
	enum fake_kind kind;
	const char *data;
};

struct dns_fake {
	const struct fake_record *records; /* first match of the type wins */
	size_t count;
	int fd;
	int wake[2];
	unsigned short port;
	unsigned asked;
	pthread_t thread;
};

/* Name of the question in text; length of the question section. */
static inline size_t
fake_question(const unsigned char *p, size_t len, char name[256])
{
	size_t at = 12, n = 0;

	while (at < len && p[at] != 0 && n + p[at] + 2 < 256) {
		if (n > 0)
			name[n++] = '.';
		memcpy(name + n, p + at + 1, p[at]);
		n += p[at];
		at += p[at] + 1u;
	}
	name[n] = '\0';
	return at + 5;
}

static inline size_t
fake_add_answer(unsigned char *p, size_t at, const struct fake_record *r)
{
	static const unsigned char head[] = {0xc0, 12, 0, 0, 0, 1, 0, 0, 0, 60};
	size_t n = strlen(r->data);

	memcpy(p + at, head, sizeof(head));
	p[at + 3] = r->kind == FAKE_A ? 1 : 16;
	at += sizeof(head);
	if (r->kind == FAKE_A) {
		p[at] = 0;
		p[at + 1] = 4;
		inet_pton(AF_INET, r->data, p + at + 2);
		return at + 6;
	}
	p[at] = 0;
	p[at + 1] = (unsigned char)(n + 1);
	p[at + 2] = (unsigned char)n;
	memcpy(p + at + 3, r->data, n);
	return at + 3 + n;
}

/* Builds the answer in place; 0: say nothing. */
static inline size_t
fake_answer(const struct dns_fake *f, unsigned char *p, size_t len)
{
	char name[256];
	size_t at = fake_question(p, len, name), answers = 0;
	unsigned type = at >= 4 ? p[at - 3] : 0;
	bool known = false;

	p[2] = 0x84;
	p[3] = 0x80;
	p[10] = p[11] = 0; /* no EDNS in answers */
	for (size_t i = 0; i < f->count; i++) {
		const struct fake_record *r = &f->records[i];

		if (!str_ends_nocase(str_from(name), str_from(r->suffix)))
			continue;
		known = true;
		if (r->kind == FAKE_SILENT)
			return 0;
		if (r->kind == FAKE_GARBAGE) {
			memset(p + 2, 0xee, 20);
			return 22;
		}
		if (r->kind == FAKE_SERVFAIL)
			p[3] |= 2;
		if (r->kind == FAKE_CUT)
			p[2] |= 2;
		if ((r->kind == FAKE_A && type == 1) ||
		    (r->kind == FAKE_TXT && type == 16)) {
			at = fake_add_answer(p, at, r);
			answers++;
		}
		if (answers > 0 && r->suffix[0] != '\0')
			break;
		if (r->kind == FAKE_SERVFAIL || r->kind == FAKE_CUT)
			break;
	}
	if (!known)
		p[3] |= 3; /* NXDOMAIN */
	p[7] = (unsigned char)answers;
	return at;
}

static inline void *
fake_serve(void *arg)
{
	struct dns_fake *f = arg;
	struct pollfd fds[2] = {{f->fd, POLLIN, 0}, {f->wake[0], POLLIN, 0}};

	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		unsigned char p[1024];
		ssize_t n;
		size_t len;

		if (poll(fds, 2, -1) < 0 || fds[1].revents != 0)
			return NULL;
		n = recvfrom(f->fd, p, 512, 0, (struct sockaddr *)&from, &size);
		if (n < 17)
			continue;
		__atomic_fetch_add(&f->asked, 1, __ATOMIC_RELAXED);
		len = fake_answer(f, p, (size_t)n);
		if (len > 0)
			sendto(
			    f->fd, p, len, 0, (struct sockaddr *)&from, size);
	}
}

static inline void
dns_fake_start(
    struct dns_fake *f, const struct fake_record *records, size_t count)
{
	struct sockaddr_in addr = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(addr);

	*f = (struct dns_fake){.records = records, .count = count};
	f->fd = socket(AF_INET, SOCK_DGRAM, 0);
	(void)!bind(f->fd, (struct sockaddr *)&addr, sizeof(addr));
	getsockname(f->fd, (struct sockaddr *)&addr, &size);
	f->port = ntohs(addr.sin_port);
	(void)!pipe(f->wake);
	pthread_create(&f->thread, NULL, fake_serve, f);
}

static inline void
dns_fake_stop(struct dns_fake *f)
{
	(void)!write(f->wake[1], "x", 1);
	pthread_join(f->thread, NULL);
	close(f->fd);
	close(f->wake[0]);
	close(f->wake[1]);
}

#endif
