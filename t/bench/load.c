/*
 * The MTA's side of the milter protocol, for benches: sends messages over a
 * Unix socket from several sessions at once and reports rate and latency.
 *
 *	load SOCKET SESSIONS MESSAGES FILE...
 *
 * A new connection per message, as most mail comes. Latency is from connect to
 * the verdict. One line of JSON, with what this program itself takes a message:
 * it runs on the filter's processors. Exit 1 when a message got no verdict.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/vec.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 * 1024 * 1024)
#define BODY_CHUNK ((size_t)65535)
#define PROTOCOL_OFFER 0x1fffff

/* Steps a filter may ask to have no reply to (mfdef.h: SMFIP_NR_*). */
#define NR_HDR 0x80u
#define NR_CONN 0x1000u
#define NR_HELO 0x2000u
#define NR_MAIL 0x4000u
#define NR_RCPT 0x8000u
#define NR_DATA 0x10000u
#define NR_EOH 0x40000u
#define NR_BODY 0x80000u
/* ... and not to be told at all (SMFIP_NO*). */
#define NO_CONNECT 0x1u
#define NO_HELO 0x2u
#define NO_MAIL 0x4u
#define NO_RCPT 0x8u
#define NO_BODY 0x10u
#define NO_HDRS 0x20u
#define NO_EOH 0x40u
#define NO_DATA 0x200u

/* A message ready to send: its header and body packets, one after the other. */
struct script {
	VEC(struct str) headers;
	VEC(struct str) body;
};

/* Replies unread; an MTA reads through a buffer too. */
#define INPUT_SIZE ((size_t)8 * 1024)

/* One connection to the filter. */
struct session {
	int fd;
	uint32_t steps;	   /* what the filter asked for */
	struct buf unsent; /* as MTAs do, sent when a reply is waited for */
	char input[INPUT_SIZE];
	size_t at, end; /* of input */
};

static struct {
	const char *socket;
	size_t messages;
	VEC(struct script) scripts;
	_Atomic size_t next;
	_Atomic size_t failed;
	_Atomic size_t verdict[256];
	double *latency_ms;
} bench;

static void
add_packet(struct buf *b, char type, struct str data)
{
	uint32_t len = htonl((uint32_t)data.len + 1);

	buf_add(b, str_make((char *)&len, sizeof(len)));
	buf_add_char(b, type);
	buf_add(b, data);
}

/* A copy that lives as long as the program. */
static struct str
keep(struct str s)
{
	char *copy = mem_alloc(s.len + 1);

	memcpy(copy, s.p, s.len);
	return str_make(copy, s.len);
}

static void
add_header(struct script *s, struct str field)
{
	struct buf data;
	size_t colon = str_find_char(field, ':');

	if (colon == STR_NPOS)
		return;
	buf_init(&data);
	buf_add(&data, str_head(field, colon));
	buf_add_char(&data, '\0');
	buf_add(&data, str_skip(field, colon + 1));
	buf_add_char(&data, '\0');
	*VEC_PUSH(&s->headers) = keep(buf_str(&data));
	buf_fini(&data);
}

/* Splits a file into header fields (folds kept) and CRLF body chunks. */
static void
add_script(const char *path)
{
	struct script *s = VEC_PUSH(&bench.scripts);
	struct buf file, body;
	struct str rest, field = STR_NONE;

	buf_init(&file);
	buf_init(&body);
	*s = (struct script){0};
	if (file_read(path, FILE_MAX, &file) != 0) {
		fprintf(stderr, "load: cannot read %s\n", path);
		exit(2);
	}
	rest = buf_str(&file);
	while (rest.p != NULL) {
		struct str line = str_cut(&rest, '\n');

		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		if (field.p != NULL && line.len > 0 &&
		    (line.p[0] == ' ' || line.p[0] == '\t')) {
			field.len = (size_t)(line.p + line.len - field.p);
			continue;
		}
		if (field.p != NULL)
			add_header(s, field);
		field = line;
		if (line.len == 0)
			break;
	}
	for (size_t i = 0; i < rest.len; i++) {
		if (rest.p[i] == '\n' && (i == 0 || rest.p[i - 1] != '\r'))
			buf_add_char(&body, '\r');
		buf_add_char(&body, rest.p[i]);
	}
	for (size_t at = 0; at < body.len; at += BODY_CHUNK)
		*VEC_PUSH(&s->body) =
		    keep(str_head(str_skip(buf_str(&body), at), BODY_CHUNK));
	buf_fini(&file);
	buf_fini(&body);
}

static bool
send_all(int fd, struct str s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.p, s.len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		s = str_skip(s, (size_t)n);
	}
	return true;
}

static bool
read_all(struct session *s, char *p, size_t len)
{
	while (len > 0) {
		size_t n;

		if (s->at == s->end) {
			ssize_t got = read(s->fd, s->input, INPUT_SIZE);

			if (got <= 0)
				return false;
			s->at = 0;
			s->end = (size_t)got;
		}
		n = s->end - s->at < len ? s->end - s->at : len;
		memcpy(p, s->input + s->at, n);
		s->at += n;
		p += n;
		len -= n;
	}
	return true;
}

/* Type of the reply that ends a step, skipping edits; 0: none. */
static char
reply(struct session *s, char *data, size_t size)
{
	for (;;) {
		uint32_t len;
		char type;

		if (!read_all(s, (char *)&len, 4))
			return 0;
		len = ntohl(len);
		if (len == 0 || len - 1 > size || !read_all(s, &type, 1) ||
		    !read_all(s, data, len - 1))
			return 0;
		if (strchr("himqp", type) == NULL)
			return type;
	}
}

/* The reply to all that was sent so far; 0: there was none. */
static char
wait_reply(struct session *s)
{
	char answer[4096];
	bool sent = send_all(s->fd, buf_str(&s->unsent));

	buf_clear(&s->unsent);
	return sent ? reply(s, answer, sizeof(answer)) : 0;
}

/* 'c' as well when the filter does not want it or not to reply. */
static char
step(struct session *s, char type, struct str data, uint32_t no, uint32_t quiet)
{
	if (s->steps & no)
		return 'c';
	add_packet(&s->unsent, type, data);
	return s->steps & quiet ? 'c' : wait_reply(s);
}

static bool
negotiate(struct session *s)
{
	uint32_t offer[3] = {htonl(6), htonl(0x1ff), htonl(PROTOCOL_OFFER)};
	uint32_t chosen[3] = {0};
	char answer[4096] = "";

	add_packet(&s->unsent, 'O', str_make((char *)offer, sizeof(offer)));
	if (!send_all(s->fd, buf_str(&s->unsent)) ||
	    reply(s, answer, sizeof(answer)) != 'O')
		return false;
	buf_clear(&s->unsent);
	memcpy(chosen, answer, sizeof(chosen));
	s->steps = ntohl(chosen[2]);
	return true;
}

static char
envelope(struct session *s, size_t n)
{
	char connect[64], macros[] = "Mi\0BENCH\0", got;
	int len = snprintf(connect, sizeof(connect),
	    "client.example%c4..198.18.%zu.%zu", '\0', n / 250 % 250,
	    n % 250 + 1);

	connect[16] = 0x12;
	connect[17] = 0x34;
	got = step(
	    s, 'C', str_make(connect, (size_t)len + 1), NO_CONNECT, NR_CONN);
	if (got == 'c')
		got = step(
		    s, 'H', str_make("client.example", 15), NO_HELO, NR_HELO);
	if (got != 'c')
		return got;
	add_packet(&s->unsent, 'D', str_make(macros, sizeof(macros) - 1));
	got = step(
	    s, 'M', str_make("<ann@client.example>", 21), NO_MAIL, NR_MAIL);
	if (got != 'c')
		return got;
	return step(
	    s, 'R', str_make("<bob@postern.test>", 19), NO_RCPT, NR_RCPT);
}

static char
content(struct session *s, const struct script *script)
{
	char got = step(s, 'T', STR_NONE, NO_DATA, NR_DATA);

	for (size_t i = 0; got == 'c' && i < script->headers.len; i++)
		got = step(s, 'L', script->headers.v[i], NO_HDRS, NR_HDR);
	if (got == 'c')
		got = step(s, 'N', STR_NONE, NO_EOH, NR_EOH);
	for (size_t i = 0; got == 'c' && i < script->body.len; i++)
		got = step(s, 'B', script->body.v[i], NO_BODY, NR_BODY);
	/* 's': enough of the body was seen. */
	if (got == 'c' || got == 's')
		got = step(s, 'E', STR_NONE, 0, 0);
	return got;
}

static char
send_message(struct session *s, size_t n)
{
	const struct script *script = &bench.scripts.v[n % bench.scripts.len];
	char got;

	if (!negotiate(s))
		return 0;
	got = envelope(s, n);
	if (got == 'c')
		got = content(s, script);
	add_packet(&s->unsent, 'Q', STR_NONE);
	(void)send_all(s->fd, buf_str(&s->unsent));
	return got;
}

static void *
run_sessions(void *arg)
{
	struct session s = {0};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t n;

	(void)arg;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", bench.socket);
	while ((n = atomic_fetch_add(&bench.next, 1)) < bench.messages) {
		int64_t start = clock_mono_us();
		char got = 0;

		buf_clear(&s.unsent);
		s.at = s.end = 0;
		s.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (s.fd >= 0 &&
		    connect(s.fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
			got = send_message(&s, n);
		if (s.fd >= 0)
			close(s.fd);
		bench.latency_ms[n] = (double)(clock_mono_us() - start) / 1000;
		if (got == 0)
			atomic_fetch_add(&bench.failed, 1);
		atomic_fetch_add(&bench.verdict[(unsigned char)got], 1);
	}
	buf_fini(&s.unsent);
	return NULL;
}

/* Of this program, in ms. */
static double
cpu_spent(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
percentile(double p)
{
	return bench.latency_ms[(size_t)(p * (double)(bench.messages - 1))];
}

int
main(int argc, char **argv)
{
	uint64_t sessions, messages;
	pthread_t *thread;
	int64_t start;
	double seconds, cpu;

	if (argc < 5 || !str_to_u64(str_from(argv[2]), &sessions) ||
	    !str_to_u64(str_from(argv[3]), &messages) || sessions == 0 ||
	    messages == 0) {
		fprintf(
		    stderr, "usage: load SOCKET SESSIONS MESSAGES FILE...\n");
		return 2;
	}
	bench.socket = argv[1];
	bench.messages = messages;
	bench.latency_ms = mem_array(messages, sizeof(double));
	for (int i = 4; i < argc; i++)
		add_script(argv[i]);
	thread = mem_array(sessions, sizeof(*thread));
	start = clock_mono_us();
	cpu = cpu_spent();
	for (uint64_t i = 0; i < sessions; i++)
		if (pthread_create(&thread[i], NULL, run_sessions, NULL) != 0)
			return 2;
	for (uint64_t i = 0; i < sessions; i++)
		pthread_join(thread[i], NULL);
	seconds = (double)(clock_mono_us() - start) / 1e6;
	qsort(bench.latency_ms, messages, sizeof(double), by_value);
	cpu = cpu_spent() - cpu;
	printf("{\"messages\":%llu,\"failed\":%zu,\"seconds\":%.3f,"
	       "\"per_second\":%.0f,\"p50_ms\":%.2f,\"p90_ms\":%.2f,"
	       "\"p99_ms\":%.2f,\"max_ms\":%.2f,\"accepted\":%zu,"
	       "\"refused\":%zu,\"client_cpu_ms\":%.3f}\n",
	    (unsigned long long)messages, bench.failed, seconds,
	    (double)messages / seconds, percentile(0.5), percentile(0.9),
	    percentile(0.99), percentile(1),
	    bench.verdict['c'] + bench.verdict['a'], (size_t)bench.verdict['y'],
	    cpu / (double)messages);
	return bench.failed ? 1 : 0;
}
