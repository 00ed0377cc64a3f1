/* Buffers under libmilter: the same bytes, whole, in order, and never late. */
#include "base/buf.h"
#include "daemon/wire.h"
#include "tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <unistd.h>

#define BLOCK ((size_t)32 * 1024)
#define SOON 5000

/* A connection: the MTA's end, and ours as libmilter gets it. */
struct pair {
	int mta;
	int ours;
};

static struct pair
pair_new(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	socklen_t size = sizeof(addr);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct pair p;

	/* Linux chooses an abstract name where only the family is given. */
	if (bind(listener, (struct sockaddr *)&addr, sizeof(sa_family_t)) !=
		0 ||
	    listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&addr, &size) != 0)
		abort();
	p.mta = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(p.mta, (struct sockaddr *)&addr, size) != 0)
		abort();
	size = sizeof(addr);
	p.ours = wire_accept(listener, (struct sockaddr *)&addr, &size);
	close(listener);
	return p;
}

static void
pair_end(struct pair *p)
{
	wire_close(p->ours);
	if (p->mta >= 0)
		close(p->mta);
}

static void
packet(struct buf *b, char type, struct str data)
{
	uint32_t len = htonl((uint32_t)data.len + 1);

	buf_add(b, str_make((char *)&len, sizeof(len)));
	buf_add_char(b, type);
	buf_add(b, data);
}

static void
send_str(int fd, struct str s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n <= 0)
			abort();
		s = str_skip(s, (size_t)n);
	}
}

static int
readable(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLPRI};
	int rc = wire_poll(&p, 1, timeout_ms);

	return rc == 1 && (p.revents & POLLIN) != 0 ? 1 : rc < 0 ? -1 : 0;
}

/* As libmilter does: never without asking whether there is something. */
static bool
read_all(int fd, char *p, size_t size)
{
	while (size > 0) {
		ssize_t n;

		if (readable(fd, SOON) != 1)
			return false;
		n = wire_read(fd, p, size);
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
	}
	return true;
}

static bool
read_packet(int fd, char *type_out, struct buf *data)
{
	uint32_t len;

	buf_clear(data);
	if (!read_all(fd, (char *)&len, sizeof(len)) ||
	    !read_all(fd, type_out, 1))
		return false;
	len = ntohl(len) - 1;
	if (!buf_reserve(data, len) || !read_all(fd, data->p, len))
		return false;
	data->len = len;
	return true;
}

static int
in_kernel(int fd)
{
	int n = -1;

	if (ioctl(fd, FIONREAD, &n) != 0)
		abort();
	return n;
}

static void
test_one_intake(void)
{
	struct pair p = pair_new();
	struct buf sent, data;
	char type = 0;

	buf_init(&sent);
	buf_init(&data);
	packet(&sent, 'L', str_make("Subject\0one\0", 12));
	packet(&sent, 'N', STR_NONE);
	packet(&sent, 'E', STR_NONE);
	is_int(readable(p.ours, 0), 0, "nothing has come");
	send_str(p.mta, buf_str(&sent));
	is_int(readable(p.ours, 0), 1, "something has");
	is_int(in_kernel(p.ours), 0, "all that has come is taken in at once");
	ok(read_packet(p.ours, &type, &data) && type == 'L', "a header");
	is_str(
	    buf_str(&data), str_make("Subject\0one\0", 12), "as it was sent");
	ok(read_packet(p.ours, &type, &data) && type == 'N' && data.len == 0,
	    "a packet without data");
	is_int(readable(p.ours, 0), 1, "the last one lies in the buffer");
	ok(read_packet(p.ours, &type, &data) && type == 'E', "and is read");
	is_int(readable(p.ours, 0), 0, "now there is nothing");
	buf_fini(&sent);
	buf_fini(&data);
	pair_end(&p);
}

static void
test_sizes(void)
{
	static const size_t size[] = {BLOCK - 6, BLOCK - 5, BLOCK - 4, BLOCK,
	    2 * BLOCK - 5, 65535, 3 * BLOCK + 1};

	for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		struct pair p = pair_new();
		struct buf sent, body, data;
		char type = 0;

		buf_init(&sent);
		buf_init(&body);
		buf_init(&data);
		for (size_t k = 0; k < size[i]; k++)
			buf_add_char(&body, (char)('a' + k % 23));
		packet(&sent, 'B', buf_str(&body));
		packet(&sent, 'E', STR_NONE);
		send_str(p.mta, buf_str(&sent));
		ok(read_packet(p.ours, &type, &data) && type == 'B',
		    "a body of %zu bytes", size[i]);
		ok(str_eq(buf_str(&data), buf_str(&body)), "is what was sent");
		ok(read_packet(p.ours, &type, &data) && type == 'E',
		    "what follows it too");
		buf_fini(&sent);
		buf_fini(&body);
		buf_fini(&data);
		pair_end(&p);
	}
}

static void
test_end(void)
{
	struct pair p = pair_new();
	char c = 0;

	send_str(p.mta, STR("x"));
	close(p.mta);
	p.mta = -1;
	ok(read_all(p.ours, &c, 1) && c == 'x', "what came before the end");
	is_int(readable(p.ours, SOON), 1, "the end is something to read");
	is_int(wire_read(p.ours, &c, 1), 0, "and is the end");
	pair_end(&p);
}

/* The thread that watches all connections must not sleep over a buffer. */
static void
test_many(void)
{
	struct pair a = pair_new(), b = pair_new();
	struct pollfd set[3] = {
	    {.fd = a.ours, .events = POLLIN}, {.fd = b.ours, .events = POLLIN}};
	int pipes[2];
	char c = 0;

	if (pipe(pipes) != 0)
		abort();
	set[2] = (struct pollfd){.fd = pipes[0], .events = POLLIN};
	is_int(wire_poll(set, 3, 0), 0, "nothing anywhere");
	send_str(b.mta, STR("xy"));
	ok(read_all(b.ours, &c, 1), "half of it is read");
	is_int(wire_poll(set, 3, -1), 1, "the other half counts");
	ok(set[0].revents == 0 && (set[1].revents & POLLIN), "where it is");
	send_str(a.mta, STR("z"));
	send_str(pipes[1], STR("p"));
	is_int(wire_poll(set, 3, -1), 3, "with what the system has");
	ok(read_all(b.ours, &c, 1) && c == 'y', "and is still there");
	is_int(wire_poll(set, 3, 0), 2, "read, it counts no more");
	is_int(wire_read(pipes[0], &c, 1), 1, "a pipe is read as ever");
	wire_close(pipes[0]);
	close(pipes[1]);
	pair_end(&a);
	pair_end(&b);
}

static ssize_t
write_packet(int fd, char type, struct str data)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	uint32_t len = htonl((uint32_t)data.len + 1);
	char head[5];
	struct iovec part[2] = {{head, 5}, {NULL, data.len}};

	memcpy(head, &len, sizeof(len));
	head[4] = type;
	memcpy(&part[1].iov_base, &data.p, sizeof(data.p));
	if (wire_poll(&p, 1, SOON) != 1 || p.revents != POLLOUT)
		return -1;
	return wire_writev(fd, part, data.len > 0 ? 2 : 1);
}

static void
test_edits(void)
{
	static const char edits[] = {'h', 'm', 'i', 'q'};
	struct pair p = pair_new();
	struct buf want, got;

	buf_init(&want);
	buf_init(&got);
	for (size_t i = 0; i < sizeof(edits); i++) {
		packet(&want, edits[i], STR("edit"));
		is_int(write_packet(p.ours, edits[i], STR("edit")), 9,
		    "the edit %c is taken", edits[i]);
	}
	is_int(in_kernel(p.mta), 0, "and waits");
	packet(&want, 'c', STR_NONE);
	is_int(write_packet(p.ours, 'c', STR_NONE), 5, "the reply is taken");
	is_int(in_kernel(p.mta), (int)want.len, "and takes them along");
	ok(buf_reserve(&got, want.len) &&
		read(p.mta, got.p, want.len) == (ssize_t)want.len,
	    "all can be read");
	got.len = want.len;
	is_str(buf_str(&got), buf_str(&want), "in their order");
	is_int(write_packet(p.ours, 'p', STR_NONE), 5, "what is no edit");
	is_int(in_kernel(p.mta), 5, "does not wait");
	buf_fini(&want);
	buf_fini(&got);
	pair_end(&p);
}

/* Edits wait up to 64 KiB. */
static void
test_edits_limit(void)
{
	struct pair p = pair_new();
	struct buf big;

	buf_init(&big);
	for (size_t i = 0; i < (size_t)64 * 1024 - 5; i++)
		buf_add_char(&big, 'x');
	ok(write_packet(p.ours, 'i', buf_str(&big)) > 0, "64 KiB of edits");
	is_int(in_kernel(p.mta), 0, "wait");
	ok(write_packet(p.ours, 'i', STR("x")) > 0, "more of them");
	is_int(in_kernel(p.mta), 64 * 1024 + 6, "go out");
	is_int(write_packet(p.ours, 'i', STR("x")), 6, "one without a reply");
	pair_end(&p);
	buf_fini(&big);
}

static void *
read_slowly(void *arg)
{
	int fd = *(int *)arg;
	char some[4096];
	size_t *total = calloc(1, sizeof(*total));
	ssize_t n;

	while ((n = read(fd, some, sizeof(some))) > 0)
		*total += (size_t)n;
	return total;
}

static void
test_slow_mta(void)
{
	struct pair p = pair_new();
	struct buf big;
	pthread_t thread;
	void *total = NULL;

	buf_init(&big);
	for (size_t i = 0; i < (size_t)1024 * 1024; i++)
		buf_add_char(&big, 'x');
	pthread_create(&thread, NULL, read_slowly, &p.mta);
	is_int(write_packet(p.ours, 'y', buf_str(&big)), 1024 * 1024 + 5,
	    "more than the system takes at once is written");
	shutdown(p.ours, SHUT_WR);
	pthread_join(thread, &total);
	ok(*(size_t *)total == (size_t)1024 * 1024 + 5, "whole");
	free(total);
	buf_fini(&big);
	pair_end(&p);
}

static void
test_lost_mta(void)
{
	struct pair p = pair_new();

	close(p.mta);
	p.mta = -1;
	errno = 0;
	is_int(write_packet(p.ours, 'c', STR_NONE), -1, "nobody is there");
	is_int(errno, EPIPE, "which is said, without a signal");
	pair_end(&p);
}

/* A number comes again; nothing of its last owner may. */
static void
test_next_owner(void)
{
	struct pair a = pair_new(), b;
	char c = 0;
	int fd = a.ours;

	send_str(a.mta, STR("old"));
	ok(read_all(a.ours, &c, 1), "a connection with input unread");
	is_int(write_packet(a.ours, 'i', STR("old")), 8, "and an edit");
	wire_close(a.ours);
	close(a.mta);
	b = pair_new();
	dup2(b.ours, fd);
	is_int(readable(fd, 0), 0, "a file with its number has no input");
	send_str(b.mta, STR("n"));
	ok(wire_read(fd, &c, 1) == 1 && c == 'n', "and reads its own");
	if (fd != b.ours)
		close(fd);
	pair_end(&b);
}

int
main(void)
{
	test_one_intake();
	test_sizes();
	test_end();
	test_many();
	test_edits();
	test_edits_limit();
	test_slow_mta();
	test_lost_mta();
	test_next_owner();
	return done_testing();
}
