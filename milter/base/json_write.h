/*
 * JSON written as it is told, without a tree in between: for records made of
 * every message.
 *
 * The same text json.h would make of the same values: compact, foreign bytes
 * byte by byte, numbers with 15 digits. Knows no nesting: the caller closes
 * what it opened. `key` is NULL inside an array, else plain ASCII. A full
 * buffer shows in its `failed`.
 */
#ifndef POSTERN_BASE_JSON_WRITE_H
#define POSTERN_BASE_JSON_WRITE_H

#include "base/buf.h"

struct json_writer {
	struct buf *out;
	bool more; /* a value stands before the next one */
};

void json_write_object(struct json_writer *w, const char *key);
void json_write_end_object(struct json_writer *w);
void json_write_array(struct json_writer *w, const char *key);
void json_write_end_array(struct json_writer *w);
void json_write_str(struct json_writer *w, const char *key, struct str s);
void json_write_int(struct json_writer *w, const char *key, int64_t v);
void json_write_double(struct json_writer *w, const char *key, double v);
void json_write_bool(struct json_writer *w, const char *key, bool v);

#endif
