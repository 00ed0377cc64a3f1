#include "base/json.h"

#include "base/clean.h"
#include "base/mem.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

/* jansson has macros of these names for its own type. */
#undef json_is_object
#undef json_is_array
#undef json_is_string
#undef json_is_number
#undef json_is_true

#define PARSE_MAX ((size_t)16 * 1024 * 1024)

static json_t *
raw(const struct json *j)
{
	return (json_t *)(uintptr_t)j;
}

static struct json *
wrap(json_t *t)
{
	invariant(t != NULL);
	return (struct json *)t;
}

struct json *
json_new_object(void)
{
	return wrap(json_object());
}

struct json *
json_new_array(void)
{
	return wrap(json_array());
}

struct json *
json_new_bytes(struct str s)
{
	struct buf b;
	json_t *t;

	buf_init(&b);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80)
			buf_add_char(&b, (char)(0xc0 | c >> 6));
		buf_add_char(
		    &b, c >= 0x80 ? (char)(0x80 | (c & 0x3f)) : (char)c);
	}
	t = json_stringn_nocheck(b.p ? b.p : "", b.len);
	buf_fini(&b);
	return wrap(t);
}

struct json *
json_new_str(struct str s)
{
	if (!utf8_valid(s))
		return json_new_bytes(s);
	return wrap(json_stringn_nocheck(s.p ? s.p : "", s.len));
}

struct json *
json_new_int(int64_t v)
{
	return wrap(json_integer(v));
}

struct json *
json_new_double(double v)
{
	return wrap(isfinite(v) ? json_real(v) : json_null());
}

struct json *
json_new_bool(bool v)
{
	return wrap(json_boolean(v));
}

struct json *
json_new_null(void)
{
	return wrap(json_null());
}

struct json *
json_ref(struct json *j)
{
	return wrap(json_incref(raw(j)));
}

void
json_unref(struct json **j)
{
	if (*j != NULL)
		json_decref(raw(*j));
	*j = NULL;
}

void
json_set(struct json *object, const char *key, struct json *v)
{
	invariant(json_object_set_new_nocheck(raw(object), key, raw(v)) == 0);
}

void
json_set_bytes(struct json *object, struct str key, struct json *v)
{
	struct json *text = json_new_bytes(key);
	struct str name = json_str(text);

	invariant(json_object_setn_new_nocheck(
		      raw(object), name.p, name.len, raw(v)) == 0);
	json_unref(&text);
}

void
json_append(struct json *array, struct json *v)
{
	invariant(json_array_append_new(raw(array), raw(v)) == 0);
}

void
json_set_str(struct json *object, const char *key, struct str s)
{
	json_set(object, key, json_new_str(s));
}

void
json_set_int(struct json *object, const char *key, int64_t v)
{
	json_set(object, key, json_new_int(v));
}

void
json_set_double(struct json *object, const char *key, double v)
{
	json_set(object, key, json_new_double(v));
}

void
json_set_bool(struct json *object, const char *key, bool v)
{
	json_set(object, key, json_new_bool(v));
}

struct json *
json_get(const struct json *object, const char *key)
{
	return (struct json *)json_object_get(raw(object), key);
}

struct json *
json_at(const struct json *array, size_t i)
{
	return (struct json *)json_array_get(raw(array), i);
}

size_t
json_count(const struct json *v)
{
	return json_is_array(v) ? json_array_size(raw(v))
				: json_object_size(raw(v));
}

struct str
json_str(const struct json *v)
{
	const char *p = json_string_value(raw(v));

	return p ? str_make(p, json_string_length(raw(v))) : STR_NONE;
}

double
json_number(const struct json *v)
{
	return json_number_value(raw(v));
}

struct str
json_get_str(const struct json *object, const char *key)
{
	return json_str(json_get(object, key));
}

int64_t
json_get_int(const struct json *object, const char *key, int64_t otherwise)
{
	struct json *v = json_get(object, key);

	return v && json_typeof(raw(v)) == JSON_INTEGER
		   ? json_integer_value(raw(v))
		   : otherwise;
}

double
json_get_double(const struct json *object, const char *key, double otherwise)
{
	struct json *v = json_get(object, key);

	return v && json_is_number(v) ? json_number(v) : otherwise;
}

bool
json_get_bool(const struct json *object, const char *key, bool otherwise)
{
	struct json *v = json_get(object, key);

	return v && (json_typeof(raw(v)) == JSON_TRUE ||
			json_typeof(raw(v)) == JSON_FALSE)
		   ? json_is_true(v)
		   : otherwise;
}

bool
json_is_object(const struct json *v)
{
	return v != NULL && json_typeof(raw(v)) == JSON_OBJECT;
}

bool
json_is_array(const struct json *v)
{
	return v != NULL && json_typeof(raw(v)) == JSON_ARRAY;
}

bool
json_is_string(const struct json *v)
{
	return v != NULL && json_typeof(raw(v)) == JSON_STRING;
}

bool
json_is_number(const struct json *v)
{
	return v != NULL && (json_typeof(raw(v)) == JSON_INTEGER ||
				json_typeof(raw(v)) == JSON_REAL);
}

bool
json_is_true(const struct json *v)
{
	return v != NULL && json_typeof(raw(v)) == JSON_TRUE;
}

bool
json_next(const struct json *object, void **iter, const char **key_out,
    struct json **value_out)
{
	*iter = *iter ? json_object_iter_next(raw(object), *iter)
		      : json_object_iter(raw(object));
	if (*iter == NULL)
		return false;
	*key_out = json_object_iter_key(*iter);
	*value_out = (struct json *)json_object_iter_value(*iter);
	return true;
}

/* Most values fit; a larger one is measured by the first try. */
#define FORMAT_GUESS ((size_t)4096)

void
json_format(const struct json *j, int indent, struct buf *out)
{
	size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(15), room, need;

	flags |= indent > 0 ? JSON_INDENT((size_t)indent) : JSON_COMPACT;
	if (!buf_reserve(out, FORMAT_GUESS))
		return;
	room = out->size - out->len - 1;
	need = json_dumpb(raw(j), out->p + out->len, room, flags);
	if (need > room) {
		if (!buf_reserve(out, need))
			return;
		json_dumpb(raw(j), out->p + out->len, need, flags);
	}
	out->len += need;
}

struct json *
json_parse(struct str text, char **error_out)
{
	json_error_t e;
	json_t *t = NULL;

	if (text.len > PARSE_MAX) {
		e = (json_error_t){.line = 0, .column = 0};
		snprintf(e.text, sizeof(e.text), "too large");
	} else {
		t = json_loadb(text.p ? text.p : "", text.len,
		    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
	}
	if (t == NULL && error_out != NULL)
		*error_out = mem_printf("%d:%d: %s", e.line, e.column, e.text);
	return (struct json *)t;
}
