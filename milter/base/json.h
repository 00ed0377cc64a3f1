/*
 * JSON values (RFC 8259) over jansson. Members keep the order they were set in.
 *
 * Foreign bytes: text that is valid UTF-8 is kept, otherwise every byte above
 * 7F becomes the code point of the same number, so nothing is lost and the
 * output is always valid. Building never fails; parsing is bounded.
 */
#ifndef POSTERN_BASE_JSON_H
#define POSTERN_BASE_JSON_H

#include "base/buf.h"

struct json; /* a reference-counted value */

struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_str(struct str s);
/* As json_new_str, but always byte by byte (\u00NN), never as UTF-8. */
struct json *json_new_bytes(struct str s);
struct json *json_new_int(int64_t v);
struct json *json_new_double(double v); /* not finite: null */
struct json *json_new_bool(bool v);
struct json *json_new_null(void);
struct json *json_ref(struct json *j);
void json_unref(struct json **j);

/* These take over the caller's reference to `v`. */
void json_set(struct json *object, const char *key, struct json *v);
/* The key as json_new_bytes() has texts, NUL too, which json_get() cannot name.
 */
void json_set_bytes(struct json *object, struct str key, struct json *v);
void json_append(struct json *array, struct json *v);

void json_set_str(struct json *object, const char *key, struct str s);
void json_set_int(struct json *object, const char *key, int64_t v);
void json_set_double(struct json *object, const char *key, double v);
void json_set_bool(struct json *object, const char *key, bool v);

/* Borrowed reference or NULL. */
struct json *json_get(const struct json *object, const char *key);
struct json *json_at(const struct json *array, size_t i);
size_t json_count(const struct json *array_or_object);
/* The value, or `otherwise` when absent or of another type. */
struct str json_get_str(const struct json *object, const char *key);
int64_t json_get_int(
    const struct json *object, const char *key, int64_t otherwise);
double json_get_double(
    const struct json *object, const char *key, double otherwise);
bool json_get_bool(const struct json *object, const char *key, bool otherwise);
struct str json_str(const struct json *value); /* of a string value */
double json_number(const struct json *value);
bool json_is_object(const struct json *v);
bool json_is_array(const struct json *v);
bool json_is_string(const struct json *v);
bool json_is_number(const struct json *v);
bool json_is_true(const struct json *v);
/* Visits members: `*iter` starts NULL. False at the end. */
bool json_next(const struct json *object, void **iter, const char **key_out,
    struct json **value_out);

/* Compact, one line, no newline at the end; `indent` > 0 for people. */
void json_format(const struct json *j, int indent, struct buf *out);
/* NULL on bad input; `*error_out` (may be NULL) gets "line:col: why", heap. */
struct json *json_parse(struct str text, char **error_out);

#endif
