/*
 * Buffers between libmilter and the MTA's connections.
 *
 * libmilter asks poll() and read() for each half of each packet, and an MTA
 * sends one packet a header field: about 170 system calls a message, most of
 * what a milter costs that does nothing. The build takes libmilter's archive
 * with the five functions below in the place of the system's (see
 * `libmilter-wired.a` in module.mk), so that one recv() takes in what has come.
 * Without the archive posternd is linked with libmilter as it is, does the same
 * and is slower; nothing else calls these.
 *
 * Each behaves as the system call it is named after. Only connections made by
 * wire_accept() are buffered; other descriptors go straight to the system. A
 * connection is used by one thread at a time, as libmilter does.
 */
#ifndef POSTERN_DAEMON_WIRE_H
#define POSTERN_DAEMON_WIRE_H

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

int wire_accept(int listener, struct sockaddr *peer, socklen_t *size);
int wire_close(int fd);

/*
 * Ready to read is also what lies in the buffer. Ready to write is always true
 * of a buffered connection: wire_writev() waits, as long as was asked here.
 */
int wire_poll(struct pollfd *set, nfds_t count, int timeout_ms);
ssize_t wire_read(int fd, void *p, size_t size);

/*
 * Writes all of it or fails. A packet that only edits the message waits for the
 * reply that follows it and goes out in one piece with it; if none follows it
 * is dropped, as the MTA would do.
 */
ssize_t wire_writev(int fd, const struct iovec *part, int count);

#endif
