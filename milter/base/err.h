/*
 * What went wrong, as a number a caller can act on. Functions return 0 or one
 * of these (negative); what a person reads is a diag (base/diag.h) or a log
 * line.
 */
#ifndef POSTERN_BASE_ERR_H
#define POSTERN_BASE_ERR_H

enum err {
	ERR_OK = 0,
	ERR_IO = -1,	  /* the system call failed; errno tells */
	ERR_SYNTAX = -2,  /* bad input; a diag was written */
	ERR_LIMIT = -3,	  /* a named limit was reached */
	ERR_ABSENT = -4,  /* no such thing */
	ERR_EXISTS = -5,  /* it is there already */
	ERR_TIMEOUT = -6, /* the deadline passed */
	ERR_DOWN = -7,	  /* the peer is away */
	ERR_DENIED = -8,  /* not allowed */
	ERR_INTERNAL = -9 /* ours; log it */
};

/* A short lower-case English phrase. Never NULL. */
const char *err_text(enum err e);

#endif
