/*
 * Compression: what is packed comes back, what does not pay is left alone,
 * foreign frames are refused without being unpacked.
 */
#include "base/zip.h"

#include "base/err.h"
#include "tap.h"

#define MAX 65536

static void
test_round(struct zip_packer *z)
{
	struct buf text, packed, back;

	buf_init(&text);
	buf_init(&packed);
	buf_init(&back);
	for (int i = 0; i < 100; i++)
		buf_printf(&text, "{\"rule\":\"RULE_%d\",\"score\":0.1}", i);
	ok(zip_pack(z, buf_str(&text), &packed), "JSON pays");
	ok(packed.len < text.len / 2, "by half at least: %zu of %zu",
	    packed.len, text.len);
	ok(zip_is_packed(buf_str(&packed)), "and is known as packed");
	ok(!zip_is_packed(buf_str(&text)), "as JSON is not");
	is_int(zip_unpack(buf_str(&packed), text.len, &back), 0,
	    "unpacks at the limit");
	is_str(buf_str(&back), buf_str(&text), "to what it was");
	buf_clear(&back);
	is_int(zip_unpack(buf_str(&packed), text.len - 1, &back), ERR_LIMIT,
	    "not one above");
	is_int(back.len, 0, "and nothing is left");
	for (size_t n = 0; n < packed.len; n++)
		if (zip_unpack(str_head(buf_str(&packed), n), MAX, &back) == 0)
			break;
	is_int(back.len, 0, "no part of a frame unpacks");
	for (size_t i = 0; i < packed.len; i++) {
		packed.p[i] ^= 0x55;
		(void)zip_unpack(buf_str(&packed), MAX, &back);
		packed.p[i] ^= 0x55;
	}
	ok(true, "damaged frames do no harm");
	buf_fini(&text);
	buf_fini(&packed);
	buf_fini(&back);
}

static void
test_not_worth(struct zip_packer *z)
{
	struct buf out;
	char noise[1024];
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(noise); i++) {
		x = x * 1664525 + 1013904223;
		noise[i] = (char)(x >> 24);
	}
	buf_init(&out);
	ok(!zip_pack(z, STR("{\"score\":12}"), &out), "short texts stay");
	ok(!zip_pack(z, str_make(noise, sizeof(noise)), &out), "noise stays");
	is_int(out.len, 0, "nothing is added");
	is_int(zip_unpack(STR("{}"), MAX, &out), ERR_SYNTAX, "no frame");
	is_int(zip_unpack(STR_NONE, MAX, &out), ERR_SYNTAX, "nothing");
	buf_fini(&out);
}

int
main(void)
{
	struct zip_packer *z = zip_packer_new();

	test_round(z);
	test_not_worth(z);
	zip_packer_free(&z);
	return done_testing();
}
