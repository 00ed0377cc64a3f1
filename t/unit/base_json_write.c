/* What is written is what json.h writes of the same values. */
#include "base/json_write.h"

#include "base/json.h"
#include "tap.h"

#include <math.h>

static const struct {
	const char *name;
	struct str value;
} texts[] = {
    {"empty", STR_INIT("")},
    {"plain", STR_INIT("plain")},
    {"quotes", STR_INIT("a\"b\\c/d")},
    {"controls", STR_INIT("\b\f\n\r\t\x01\x1f\x7f")},
    {"NUL", STR_INIT("a\0b")},
    {"UTF-8", STR_INIT("z\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80")},
    {"not UTF-8", STR_INIT("caf\xe9 \xc3\xa9 \"\xff")},
    {"half a character", STR_INIT("\xe2\x82")},
    {"a surrogate", STR_INIT("\xed\xa0\x80")},
};

static const double numbers[] = {0, -0.0, 1, -1, 1.5, 0.1, 1e9, 999999999, 1e15,
    1e16, 123456789012345678, -2.25e-7, 1e300, 3.14159265358979, 100, 1e10,
    INFINITY, NAN, 0.001, -0.001, 4.5, -3.25, 12.345, 0.0005, 999999999.999,
    1000000000.5, 0.1 + 0.2, 2.675, 1.005, 99.9, -0.5, 7.125, 1e-3, 123.4567,
    1e-4, 9.9e-5, 0.000123, -0.000123, 0.1234567, 999999999.123456, 1e-6};

static void
strings(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf got, want;
		struct json_writer w = {.out = &got};
		struct json *j = json_new_str(texts[i].value);

		buf_init(&got);
		buf_init(&want);
		json_write_str(&w, NULL, texts[i].value);
		json_format(j, 0, &want);
		is_str(
		    buf_str(&got), buf_str(&want), "text: %s", texts[i].name);
		json_unref(&j);
		buf_fini(&got);
		buf_fini(&want);
	}
}

/* Both ways to write a number; the caller frees. */
static void
write_both(double v, struct buf *got, struct buf *want)
{
	struct json_writer w = {.out = got};
	struct json *j = json_new_double(v);

	buf_init(got);
	buf_init(want);
	json_write_double(&w, NULL, v);
	json_format(j, 0, want);
	json_unref(&j);
}

static void
doubles(void)
{
	struct buf got, want;
	size_t same = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		write_both(numbers[i], &got, &want);
		is_str(buf_str(&got), buf_str(&want), "number: %g", numbers[i]);
		buf_fini(&got);
		buf_fini(&want);
	}
	for (int i = 0; i < 20000; i++) {
		write_both((double)i * 7919 / 1e6, &got, &want);
		same += str_eq(buf_str(&got), buf_str(&want));
		buf_fini(&got);
		buf_fini(&want);
	}
	is_int(same, 20000, "numbers of six decimals");
}

static void
nesting(void)
{
	struct buf out;
	struct json_writer w = {.out = &out};

	buf_init(&out);
	json_write_object(&w, NULL);
	json_write_array(&w, "none");
	json_write_end_array(&w);
	json_write_array(&w, "list");
	json_write_int(&w, NULL, INT64_MIN);
	json_write_bool(&w, NULL, false);
	json_write_object(&w, NULL);
	json_write_end_object(&w);
	json_write_end_array(&w);
	json_write_bool(&w, "last", true);
	json_write_end_object(&w);
	is_str(buf_str(&out),
	    STR("{\"none\":[],\"list\":[-9223372036854775808,false,{}],"
		"\"last\":true}"),
	    "objects and arrays, empty and not");
	buf_fini(&out);
}

int
main(void)
{
	strings();
	doubles();
	nesting();
	return done_testing();
}
